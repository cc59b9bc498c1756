#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
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

constexpr double kNoLimit = HUGE_VAL;

double at_least_0(double value, const char* name) {
  return within(value, name, 0, kNoLimit, "a finite number of at least 0");
}

double share(double value, const char* name) {
  return within(value, name, 0, 1, "a number of at least 0 and below 1");
}

int64_t from_1(int64_t step) {
  if (step >= 1) return step;
  throw py::value_error("step is " + std::to_string(step) + "; expected at least 1");
}

struct Slot {
  py::handle list;
  const char* name;
};

// What all steps share: lists of arrays, the rate, and the factors that come first.
class Step {
 public:
  Step(py::handle variables, py::handle gradients, std::initializer_list<Slot> slots,
       double learning_rate, const std::optional<std::vector<double>>& keep)
      : arrays_(variables, gradients), keep_(keep) {
    at_least_0(learning_rate, "learning_rate");
    size_t next = 2, place = 0;
    void* const* lists[3] = {};
    for (const Slot& slot : slots) {
      if (!slot.list.is_none()) {
        arrays_.add(slot.list, slot.name, true);
        lists[place] = arrays_.list(next++);
      }
      ++place;
    }
    if (keep_ && static_cast<int64_t>(keep_->size()) != arrays_.count()) {
      throw py::value_error("keep has " + std::to_string(keep_->size()) +
                            " numbers; expected one for each of the " +
                            std::to_string(arrays_.count()) + " variables");
    }
    params = {arrays_.count(),
              arrays_.list(0),
              arrays_.const_list(1),
              {lists[0], lists[1], lists[2]},
              arrays_.sizes(),
              keep_ ? keep_->data() : nullptr,
              learning_rate,
              {},
              1,
              false};
  }

  template <class Kernel>
  void run_with(const Kernel& kernel, std::initializer_list<double> rates, int64_t step = 1,
                bool flag = false) {
    if (arrays_.count() == 0) return;
    std::copy(rates.begin(), rates.end(), params.rates);
    params.step = step;
    params.flag = flag;
    run(kernel, arrays_.dtype(), params, arrays_.total());
  }

  StepParams params;

 private:
  Slots arrays_;
  const std::optional<std::vector<double>>& keep_;
};

using Keep = std::optional<std::vector<double>>;

void sgd(py::handle variables, py::handle gradients, py::handle velocities, double learning_rate,
         double momentum, bool nesterov, const Keep& keep) {
  within(momentum, "momentum", 0, 1 + 1e-12, "a number from 0 to 1");
  Step step(variables, gradients, {{velocities, "velocities"}}, learning_rate, keep);
  step.run_with(kernels().sgd, {momentum}, 1, nesterov);
}

void adam(py::handle variables, py::handle gradients, py::handle m, py::handle v, py::handle v_hat,
          double learning_rate, double beta_1, double beta_2, double epsilon, int64_t step,
          const Keep& keep) {
  share(beta_1, "beta_1");
  share(beta_2, "beta_2");
  at_least_0(epsilon, "epsilon");
  from_1(step);
  Step all(variables, gradients, {{m, "m"}, {v, "v"}, {v_hat, "v_hat"}}, learning_rate, keep);
  all.run_with(kernels().adam, {beta_1, beta_2, epsilon}, step);
}

void adamax(py::handle variables, py::handle gradients, py::handle m, py::handle u,
            double learning_rate, double beta_1, double beta_2, double epsilon, int64_t step,
            const Keep& keep) {
  share(beta_1, "beta_1");
  share(beta_2, "beta_2");
  at_least_0(epsilon, "epsilon");
  from_1(step);
  Step all(variables, gradients, {{m, "m"}, {u, "u"}}, learning_rate, keep);
  all.run_with(kernels().adamax, {beta_1, beta_2, epsilon}, step);
}

void nadam(py::handle variables, py::handle gradients, py::handle m, py::handle v,
           double learning_rate, double beta_1, double beta_2, double epsilon, int64_t step,
           double product, const Keep& keep) {
  share(beta_1, "beta_1");
  share(beta_2, "beta_2");
  share(product, "product");
  at_least_0(epsilon, "epsilon");
  from_1(step);
  Step all(variables, gradients, {{m, "m"}, {v, "v"}}, learning_rate, keep);
  all.run_with(kernels().nadam, {beta_1, beta_2, epsilon, product}, step);
}

void rmsprop(py::handle variables, py::handle gradients, py::handle velocities,
             py::handle momentums, py::handle means, double learning_rate, double rho,
             double momentum, double epsilon, const Keep& keep) {
  within(rho, "rho", 0, 1 + 1e-12, "a number from 0 to 1");
  at_least_0(momentum, "momentum");
  at_least_0(epsilon, "epsilon");
  const bool centered = !means.is_none(), moves = !momentums.is_none();
  Step step(variables, gradients,
            {{velocities, "velocities"},
             moves ? Slot{momentums, "momentums"} : Slot{means, "means"},
             moves ? Slot{means, "means"} : Slot{py::none(), ""}},
            learning_rate, keep);
  step.run_with(kernels().rmsprop, {rho, momentum, epsilon}, 1, centered && !moves);
}

void adagrad(py::handle variables, py::handle gradients, py::handle sums, double learning_rate,
             double epsilon, const Keep& keep) {
  at_least_0(epsilon, "epsilon");
  Step step(variables, gradients, {{sums, "sums"}}, learning_rate, keep);
  step.run_with(kernels().adagrad, {epsilon});
}

void adadelta(py::handle variables, py::handle gradients, py::handle squares, py::handle changes,
              double learning_rate, double rho, double epsilon, const Keep& keep) {
  within(rho, "rho", 0, 1 + 1e-12, "a number from 0 to 1");
  at_least_0(epsilon, "epsilon");
  Step step(variables, gradients, {{squares, "squares"}, {changes, "changes"}}, learning_rate,
            keep);
  step.run_with(kernels().adadelta, {rho, epsilon});
}

void lion(py::handle variables, py::handle gradients, py::handle m, double learning_rate,
          double beta_1, double beta_2, const Keep& keep) {
  within(beta_1, "beta_1", 0, 1 + 1e-12, "a number from 0 to 1");
  within(beta_2, "beta_2", 0, 1 + 1e-12, "a number from 0 to 1");
  Step step(variables, gradients, {{m, "m"}}, learning_rate, keep);
  step.run_with(kernels().lion, {beta_1, beta_2});
}

void ftrl(py::handle variables, py::handle gradients, py::handle sums, py::handle linears,
          double learning_rate, double power, double l1, double l2, double shrinkage, double beta,
          const Keep& keep) {
  within(power, "power", -kNoLimit, 1e-300, "a finite number of at most 0");
  at_least_0(l1, "l1");
  at_least_0(l2, "l2");
  at_least_0(shrinkage, "shrinkage");
  at_least_0(beta, "beta");
  if (!(learning_rate > 0)) {
    throw py::value_error("learning_rate is " + std::string(py::str(py::float_(learning_rate))) +
                          "; expected a positive number");
  }
  Step step(variables, gradients, {{sums, "sums"}, {linears, "linears"}}, learning_rate, keep);
  step.run_with(kernels().ftrl, {power, l1, l2, shrinkage, beta});
}

}  // namespace

// Every step runs in place over lists of arrays, one entry a variable; `keep` is None or one factor
// a variable, which the variable is multiplied by first.
void bind_optimizers(py::module_& m) {
  using py::arg;
  const py::arg_v keep("keep", py::none());
  m.def("sgd", &sgd, arg("variables"), arg("gradients"), arg("velocities"), arg("learning_rate"),
        arg("momentum"), arg("nesterov"), keep,
        "One step of SGD, in place; velocities is None without momentum.");
  m.def("adam", &adam, arg("variables"), arg("gradients"), arg("m"), arg("v"), arg("v_hat"),
        arg("learning_rate"), arg("beta_1"), arg("beta_2"), arg("epsilon"), arg("step"), keep,
        "One step of Adam, in place (AMSGrad when v_hat is given).");
  m.def("adamax", &adamax, arg("variables"), arg("gradients"), arg("m"), arg("u"),
        arg("learning_rate"), arg("beta_1"), arg("beta_2"), arg("epsilon"), arg("step"), keep,
        "One step of Adamax, in place.");
  m.def("nadam", &nadam, arg("variables"), arg("gradients"), arg("m"), arg("v"),
        arg("learning_rate"), arg("beta_1"), arg("beta_2"), arg("epsilon"), arg("step"),
        arg("product"), keep,
        "One step of Nadam, in place; product is that of all momentum factors, this step's "
        "included.");
  m.def("rmsprop", &rmsprop, arg("variables"), arg("gradients"), arg("velocities"),
        arg("momentums"), arg("means"), arg("learning_rate"), arg("rho"), arg("momentum"),
        arg("epsilon"), keep,
        "One step of RMSprop, in place; momentums is None without momentum, means is None unless "
        "centered.");
  m.def("adagrad", &adagrad, arg("variables"), arg("gradients"), arg("sums"), arg("learning_rate"),
        arg("epsilon"), keep, "One step of Adagrad, in place.");
  m.def("adadelta", &adadelta, arg("variables"), arg("gradients"), arg("squares"), arg("changes"),
        arg("learning_rate"), arg("rho"), arg("epsilon"), keep, "One step of Adadelta, in place.");
  m.def("lion", &lion, arg("variables"), arg("gradients"), arg("m"), arg("learning_rate"),
        arg("beta_1"), arg("beta_2"), keep, "One step of Lion, in place.");
  m.def("ftrl", &ftrl, arg("variables"), arg("gradients"), arg("sums"), arg("linears"),
        arg("learning_rate"), arg("power"), arg("l1"), arg("l2"), arg("shrinkage"), arg("beta"),
        keep, "One step of Ftrl (follow the regularised leader), in place.");
}

}  // namespace minidl
