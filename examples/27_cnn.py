"""Item 27: a convolutional net, with images moved a little at random while it learns.

python examples/27_cnn.py
"""

import minidl
from _common import accuracy, convolutional, load, report
from minidl import layers
from minidl.data import Dataset


def main(data=None, epochs=50):
    minidl.set_random_seed(0)
    (x, y), (x_test, y_test) = load(data)
    move = layers.RandomTranslation(0.08, 0.08, "constant", "nearest")
    batches = Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(32)
    batches = batches.map(lambda a, b: (move(a, training=True), b), num_parallel_calls=2)
    model = convolutional(x.shape[1:])
    model.fit(batches.prefetch(2), epochs=epochs, verbose=0)
    return report({"accuracy": accuracy(model, x_test, y_test), "parameters": model.count_params()})


if __name__ == "__main__":
    main()
