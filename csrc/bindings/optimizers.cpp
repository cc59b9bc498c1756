#include <cmath>
#include <string>
#include <vector>

#include "bindings/arrays.h"

namespace minidl {
namespace {

// Lists of arrays, one entry per variable, all checked before anything is touched.
class Slots {
 public:
  Slots(py::handle variables, py::handle gradients) {
    add(variables, "variables", true);
    add(gradients, "gradients", false);
  }

  // Adds a list that must match the variables entry by entry.
  void add(py::handle list, const char* name, bool written) {
    if (!PyList_Check(list.ptr()) && !PyTuple_Check(list.ptr())) {
      throw py::type_error(std::string(name) + " is of type " + Py_TYPE(list.ptr())->tp_name +
                           "; expected a list of arrays");
    }
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(list.ptr());
    if (!lists_.empty() && count != static_cast<Py_ssize_t>(lists_[0].size())) {
      throw py::value_error(std::string(name) + " has " + std::to_string(count) +
                            " arrays; expected " + std::to_string(lists_[0].size()) +
                            ", one for each variable");
    }
    std::vector<Array> arrays;
    std::vector<void*> data;
    arrays.reserve(count);
    data.reserve(count);
    for (Py_ssize_t i = 0; i < count; ++i) {
      py::handle item = PySequence_Fast_GET_ITEM(list.ptr(), i);
      auto entry = [&] { return std::string(name) + "[" + std::to_string(i) + "]"; };
      if (!PyArray_Check(item.ptr())) {
        throw py::type_error(entry() + " is of type " + Py_TYPE(item.ptr())->tp_name +
                             "; expected a numpy.ndarray");
      }
      Array array = input(item, name);
      if (written && (array.object().ptr() != item.ptr() || !array.writable())) {
        throw py::value_error(entry() +
                              " cannot be updated in place; expected a writable, "
                              "C-contiguous, native array");
      }
      if (!lists_.empty()) {
        const Array& v = lists_[0][i];
        same_dtype(v, "variables", array, name);
        if (array.ndim() != v.ndim() || !PyArray_CompareLists(array.shape(), v.shape(), v.ndim())) {
          throw py::value_error(entry() + " has shape " + shape_string(array) + "; expected " +
                                shape_string(v) + " as its variable");
        }
      } else {
        if (i && array.dtype() != arrays[0].dtype()) {
          throw py::type_error(entry() + " differs in dtype from variables[0]; expected the same");
        }
        sizes_.push_back(array.size());
        total_ += array.size();
      }
      data.push_back(array.data());
      arrays.push_back(std::move(array));
    }
    lists_.push_back(std::move(arrays));
    data_.push_back(std::move(data));
  }

  int64_t count() const { return static_cast<int64_t>(sizes_.size()); }
  int64_t total() const { return total_; }
  const int64_t* sizes() const { return sizes_.data(); }
  DType dtype() const { return lists_[0][0].dtype(); }
  void* const* list(size_t i) const { return data_[i].data(); }
  const void* const* const_list(size_t i) const {
    return const_cast<const void* const*>(data_[i].data());
  }

 private:
  std::vector<std::vector<Array>> lists_;
  std::vector<std::vector<void*>> data_;
  std::vector<int64_t> sizes_;
  int64_t total_ = 0;
};

double within(double value, const char* name, double low, double high, const char* expected) {
  if (value >= low && value < high) return value;
  throw py::value_error(std::string(name) + " is " + std::string(py::str(py::float_(value))) +
                        "; expected " + expected);
}

void sgd(py::handle variables, py::handle gradients, py::handle velocities, double learning_rate,
         double momentum, bool nesterov) {
  within(learning_rate, "learning_rate", 0, HUGE_VAL, "a finite number of at least 0");
  within(momentum, "momentum", 0, 1 + 1e-12, "a number from 0 to 1");
  Slots slots(variables, gradients);
  if (!velocities.is_none()) slots.add(velocities, "velocities", true);
  if (slots.count() == 0) return;
  SgdParams p{slots.count(),
              slots.list(0),
              slots.const_list(1),
              velocities.is_none() ? nullptr : slots.list(2),
              slots.sizes(),
              learning_rate,
              momentum,
              nesterov};
  run(kernels().sgd, slots.dtype(), p, slots.total());
}

void adam(py::handle variables, py::handle gradients, py::handle m, py::handle v, py::handle v_hat,
          double learning_rate, double beta_1, double beta_2, double epsilon, int64_t step) {
  within(learning_rate, "learning_rate", 0, HUGE_VAL, "a finite number of at least 0");
  within(beta_1, "beta_1", 0, 1, "a number of at least 0 and below 1");
  within(beta_2, "beta_2", 0, 1, "a number of at least 0 and below 1");
  within(epsilon, "epsilon", 0, HUGE_VAL, "a finite number of at least 0");
  if (step < 1) {
    throw py::value_error("step is " + std::to_string(step) + "; expected at least 1");
  }
  Slots slots(variables, gradients);
  slots.add(m, "m", true);
  slots.add(v, "v", true);
  if (!v_hat.is_none()) slots.add(v_hat, "v_hat", true);
  if (slots.count() == 0) return;
  AdamParams p{slots.count(), slots.list(0), slots.const_list(1),
               slots.list(2), slots.list(3), v_hat.is_none() ? nullptr : slots.list(4),
               slots.sizes(), learning_rate, beta_1,
               beta_2,        epsilon,       step};
  run(kernels().adam, slots.dtype(), p, slots.total());
}

}  // namespace

void bind_optimizers(py::module_& m) {
  m.def("sgd", &sgd, py::arg("variables"), py::arg("gradients"), py::arg("velocities"),
        py::arg("learning_rate"), py::arg("momentum"), py::arg("nesterov"),
        "One step of SGD, in place, over lists of arrays; velocities is None without momentum.");
  m.def("adam", &adam, py::arg("variables"), py::arg("gradients"), py::arg("m"), py::arg("v"),
        py::arg("v_hat"), py::arg("learning_rate"), py::arg("beta_1"), py::arg("beta_2"),
        py::arg("epsilon"), py::arg("step"),
        "One step of Adam (AMSGrad when v_hat is given), in place, over lists of arrays.");
}

}  // namespace minidl
