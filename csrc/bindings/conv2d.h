// conv2d and its gradients as the bindings of other families call them.
#pragma once

#include <string>

#include "bindings/arrays.h"

namespace minidl {

py::object conv2d(py::handle x, py::handle kernel, py::handle bias, py::handle strides,
                  py::handle padding, py::handle dilation, int64_t groups,
                  const std::string& activation, py::handle residual);
py::object conv2d_input_grad(py::handle dy, py::handle kernel, py::handle input_shape,
                             py::handle strides, py::handle padding, py::handle dilation,
                             int64_t groups, py::handle bias, const std::string& activation);
py::object conv2d_filter_grad(py::handle x, py::handle dy, py::handle kernel_size,
                              py::handle strides, py::handle padding, py::handle dilation,
                              int64_t groups);

}  // namespace minidl
