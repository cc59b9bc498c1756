"""Small models that together hold every layer, built alike by Keras and by minidl.

`MODELS[name](k)` gives a built model of the package `k`, and the shapes of its inputs ("ids:N" for
integers below N).
"""

MODELS = {}


def _model(function):
    MODELS[function.__name__] = function
    return function


def _chain(k, shape, *layers, dtype=None):
    return k.Sequential([k.layers.Input(shape, dtype=dtype), *layers]), [shape]


@_model
def dense(k):
    L = k.layers
    return _chain(k, (5,), L.Dense(4, "relu"), L.Dense(3, use_bias=False), L.Dense(2, "softmax"))


@_model
def activations(k):
    L = k.layers
    parts = L.ReLU(max_value=4, negative_slope=0.1), L.LeakyReLU(0.2), L.ELU(0.5)
    return _chain(k, (6,), L.Dense(6), *parts, L.PReLU(), L.Activation("gelu"), L.Softmax())


@_model
def convolutions(k):
    L = k.layers
    return _chain(
        k,
        (8, 8, 3),
        L.Conv2D(4, 3, padding="same", activation="relu"),
        L.Conv2D(4, 3, dilation_rate=2, groups=2),
        L.DepthwiseConv2D(2, depth_multiplier=2),
        L.SeparableConv2D(5, 2),
        L.Conv2DTranspose(3, 2, strides=2),
    )


@_model
def convolutions_1d(k):
    L = k.layers
    return _chain(
        k,
        (12, 3),
        L.Conv1D(4, 3, padding="causal"),
        L.DepthwiseConv1D(2),
        L.SeparableConv1D(5, 2),
        L.Conv1DTranspose(3, 2, strides=2),
    )


@_model
def pools(k):
    L = k.layers
    inputs = k.layers.Input((9, 9, 2))
    outs = [
        L.GlobalMaxPooling2D()(L.MaxPooling2D(2)(inputs)),
        L.GlobalAveragePooling2D()(L.AveragePooling2D(3, 2, padding="same")(inputs)),
    ]
    rows = L.Reshape((81, 2))(inputs)
    outs.append(L.GlobalMaxPooling1D()(L.MaxPooling1D(2)(rows)))
    outs.append(L.GlobalAveragePooling1D()(L.AveragePooling1D(3)(rows)))
    return k.Model(inputs, L.Dense(2)(L.Concatenate()(outs))), [(9, 9, 2)]


@_model
def borders(k):
    L = k.layers
    return _chain(
        k,
        (6, 6, 2),
        L.ZeroPadding2D(((1, 0), (2, 1))),
        L.Cropping2D(((0, 1), (1, 1))),
        L.UpSampling2D(2, interpolation="bilinear"),
        L.Conv2D(2, 3),
        L.Reshape((120, 2)),
        L.ZeroPadding1D(2),
        L.Cropping1D((1, 2)),
        L.UpSampling1D(2),
        L.Permute((2, 1)),
        L.Flatten(),
        L.Dense(2),
        L.RepeatVector(3),
    )


@_model
def normalizations(k):
    L = k.layers
    return _chain(
        k,
        (4, 4, 6),
        L.Conv2D(6, 1),
        L.BatchNormalization(),
        L.BatchNormalization(scale=False, momentum=0.9),
        L.LayerNormalization(),
        L.GroupNormalization(3),
        L.RMSNormalization(),
        L.UnitNormalization(),
    )


@_model
def regularization(k):
    L = k.layers
    return _chain(
        k,
        (8, 3),
        L.Conv1D(4, 2, kernel_regularizer="l2", bias_constraint="non_neg"),
        L.SpatialDropout1D(0.0),
        L.Dropout(0.0),
        L.GaussianNoise(0.0),
        L.GaussianDropout(0.0),
        L.ActivityRegularization(l2=0.01),
        L.Dense(2, kernel_regularizer=k.regularizers.L1L2(0.01, 0.02)),
    )


@_model
def spatial_dropout(k):
    L = k.layers
    return _chain(k, (4, 4, 3), L.Conv2D(3, 2), L.SpatialDropout2D(0.0), L.Flatten(), L.Dense(1))


@_model
def lstm(k):
    L = k.layers
    return _chain(k, (5, 3), L.LSTM(4, return_sequences=True), L.LSTM(3, go_backwards=True))


@_model
def gru(k):
    L = k.layers
    return _chain(k, (5, 3), L.GRU(4, return_sequences=True), L.GRU(3, reset_after=False))


@_model
def simple_rnn(k):
    L = k.layers
    return _chain(k, (5, 3), L.SimpleRNN(4, return_sequences=True), L.SimpleRNN(3, "relu"))


@_model
def cells(k):
    L = k.layers
    stack = L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(4), L.SimpleRNNCell(2)])
    return _chain(k, (5, 3), L.RNN(stack, return_sequences=True), L.RNN(L.GRUCell(2)))


@_model
def bidirectional(k):
    L = k.layers
    return _chain(
        k,
        (5, 3),
        L.Masking(0.5),
        L.Bidirectional(L.LSTM(4, return_sequences=True), merge_mode="sum"),
        L.Bidirectional(L.GRU(3)),
    )


@_model
def time_distributed(k):
    L = k.layers
    return _chain(k, (5, 4, 3), L.TimeDistributed(L.Dense(2)), L.TimeDistributed(L.Flatten()))


@_model
def embedding(k):
    L = k.layers
    model, _ = _chain(
        k,
        (6,),
        L.Embedding(11, 4, mask_zero=True),
        L.LSTM(3),
        L.Dense(2),
        dtype="int32",
    )
    return model, ["ids:11"]


@_model
def multi_head_attention(k):
    L = k.layers
    x = L.Input((5, 6))
    y = L.MultiHeadAttention(2, 3, dropout=0.0)(x, x, use_causal_mask=True)
    return k.Model(x, L.Dense(2)(L.Add()([x, y]))), [(5, 6)]


@_model
def group_query_attention(k):
    L = k.layers
    x = L.Input((5, 6))
    return k.Model(x, L.GroupQueryAttention(3, 4, 2)(x, x)), [(5, 6)]


@_model
def attention(k):
    L = k.layers
    q, v = L.Input((4, 3)), L.Input((5, 3))
    outs = [L.Attention(use_scale=True)([q, v]), L.AdditiveAttention()([q, v])]
    return k.Model([q, v], L.Concatenate()(outs)), [(4, 3), (5, 3)]


@_model
def einsum_dense(k):
    L = k.layers
    return _chain(k, (4, 3), L.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d"), L.Dense(1))


@_model
def merging(k):
    L = k.layers
    a, b = L.Input((4,)), L.Input((4,))
    x = [L.Dense(3)(a), L.Dense(3)(b)]
    outs = [L.Add()(x), L.Subtract()(x), L.Multiply()(x), L.Average()(x), L.Maximum()(x)]
    outs += [L.Minimum()(x), L.Dot(1)(x)]
    return k.Model([a, b], L.Concatenate()(outs)), [(4,), (4,)]


@_model
def preprocessing(k):
    L = k.layers
    return _chain(
        k,
        (10, 10, 3),
        L.Rescaling(0.5, offset=0.1),
        L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0]),
        L.CenterCrop(8, 8),
        L.Resizing(6, 6),
        L.Conv2D(2, 3),
    )


@_model
def augmentation(k):
    L = k.layers
    parts = L.RandomFlip(seed=1), L.RandomRotation(0.1, seed=2), L.RandomZoom(0.1, seed=3)
    parts += L.RandomTranslation(0.1, 0.1, seed=4), L.RandomContrast(0.2, seed=5)
    parts += L.RandomBrightness(0.2, seed=6), L.RandomCrop(8, 8, seed=7)
    return _chain(k, (8, 8, 3), *parts, L.Flatten(), L.Dense(1))


@_model
def shared(k):
    L = k.layers
    a, b = L.Input((4,)), L.Input((4,))
    twin = L.Dense(3, "tanh")
    return k.Model([a, b], L.Dense(2)(L.Subtract()([twin(a), twin(b)]))), [(4,), (4,)]


@_model
def nested(k):
    L = k.layers
    inner = k.Sequential([L.Input((3,)), L.Dense(4), L.BatchNormalization()])
    x = L.Input((5,))
    y = L.Input((3,))
    side = k.Model(y, inner(y))
    return k.Model(x, L.Dense(1)(side(L.Dense(3)(x)))), [(5,)]


@_model
def several_outputs(k):
    L = k.layers
    x = L.Input((4,), name="features")
    h = L.Dense(5, "relu")(x)
    return k.Model(x, [L.Dense(2, name="left")(h), L.Dense(1, name="right")(h)]), [(4,)]


@_model
def named_inputs(k):
    L = k.layers
    a, b = L.Input((3,), name="first"), L.Input((2,), name="second")
    return k.Model({"first": a, "second": b}, L.Dense(2)(L.Concatenate()([a, b]))), [(3,), (2,)]


@_model
def frozen(k):
    L = k.layers
    fixed = L.Dense(4)
    fixed.trainable = False
    return _chain(k, (3,), fixed, L.BatchNormalization(trainable=False), L.Dense(2))


@_model
def operators(k):
    L = k.layers
    x = L.Input((4,))
    y = k.ops.relu(L.Dense(4)(x) * 2.0 + x) - 1.0
    return k.Model(x, L.Dense(2)(k.ops.concatenate([y, x], axis=-1))), [(4,)]


@_model
def residual(k):
    L = k.layers
    x = L.Input((6, 6, 4))
    y = L.BatchNormalization()(L.Conv2D(4, 3, padding="same", use_bias=False)(x))
    y = L.Activation("relu")(L.Add()([x, y]))
    return k.Model(x, L.Dense(3)(L.GlobalAveragePooling2D()(y))), [(6, 6, 4)]


@_model
def initialised(k):
    L = k.layers
    first = L.Dense(4, kernel_initializer=k.initializers.HeNormal(seed=3), bias_initializer="ones")
    return _chain(
        k, (3,), first, L.Dense(2, kernel_initializer=k.initializers.VarianceScaling(2.0))
    )


@_model
def separable_net(k):
    L = k.layers
    return _chain(
        k,
        (8, 8, 3),
        L.Conv2D(4, 3, strides=2, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.ReLU(6.0),
        L.DepthwiseConv2D(3, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.ReLU(6.0),
        L.GlobalAveragePooling2D(keepdims=True),
        L.Flatten(),
        L.Dense(2),
    )
