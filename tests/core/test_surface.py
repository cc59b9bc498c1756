"""Every name that the library promises is there and says what it is."""

import importlib
import inspect

import minidl
import pytest

from tests.processes import output_of, run_python

SURFACE = {
    "": "Sequential Model Input Variable Tensor GradientTape Layer Loss Metric Optimizer "
    "Initializer Regularizer set_random_seed set_num_threads show_config "
    "profile",
    "config": "floatx set_floatx epsilon set_epsilon dtype_policy set_dtype_policy",
    "ops": "add subtract multiply divide power matmul einsum tensordot sum mean max min prod var "
    "std any all argmax argmin reshape transpose expand_dims squeeze concatenate stack split tile "
    "pad repeat take take_along_axis scatter slice where select conv depthwise_conv "
    "separable_conv "
    "conv_transpose max_pool average_pool relu elu selu gelu silu sigmoid tanh softplus softsign "
    "leaky_relu softmax log_softmax lstm gru rnn dot_product_attention layer_normalization "
    "batch_normalization group_normalization rms_normalization embedding one_hot "
    "categorical_crossentropy sparse_categorical_crossentropy binary_crossentropy "
    "convert_to_tensor convert_to_numpy cast shape",
    "layers": "Dense EinsumDense Embedding Activation ReLU LeakyReLU PReLU ELU Softmax Conv1D "
    "Conv2D AtrousConv2D DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D "
    "Conv1DTranspose Conv2DTranspose MaxPooling1D MaxPooling2D AveragePooling1D "
    "AveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D "
    "GlobalAveragePooling2D Flatten Reshape Permute RepeatVector Cropping2D ZeroPadding1D "
    "ZeroPadding2D UpSampling1D UpSampling2D Resizing Add Subtract Multiply Average Maximum "
    "Minimum Concatenate Dot BatchNormalization LayerNormalization GroupNormalization "
    "RMSNormalization UnitNormalization Dropout SpatialDropout1D SpatialDropout2D GaussianNoise "
    "GaussianDropout ActivityRegularization SimpleRNN LSTM GRU SimpleRNNCell LSTMCell GRUCell "
    "RNN Bidirectional TimeDistributed StackedRNNCells Masking MultiHeadAttention "
    "GroupQueryAttention Attention AdditiveAttention Normalization Rescaling CenterCrop "
    "RandomFlip RandomRotation RandomZoom RandomTranslation RandomCrop RandomContrast "
    "RandomBrightness Lambda Input InputLayer InputSpec Layer",
    "optimizers": "SGD RMSprop Adagrad Adadelta Adam AdamW Adamax Nadam Ftrl Lion Muon Optimizer "
    "get serialize deserialize",
    "optimizers.schedules": "ExponentialDecay PiecewiseConstantDecay PolynomialDecay "
    "InverseTimeDecay CosineDecay CosineDecayRestarts LearningRateSchedule",
    "losses": "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError "
    "MeanSquaredLogarithmicError Huber LogCosh CosineSimilarity BinaryCrossentropy "
    "CategoricalCrossentropy SparseCategoricalCrossentropy BinaryFocalCrossentropy "
    "CategoricalFocalCrossentropy KLDivergence Poisson Hinge SquaredHinge CategoricalHinge Dice "
    "Tversky CTC",
    "metrics": "Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy "
    "TopKCategoricalAccuracy SparseTopKCategoricalAccuracy Precision Recall F1Score FBetaScore "
    "AUC MeanIoU R2Score TruePositives TrueNegatives FalsePositives FalseNegatives "
    "PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity "
    "MeanSquaredError MeanAbsoluteError RootMeanSquaredError Mean Sum",
    "callbacks": "History ProgbarLogger EarlyStopping ModelCheckpoint BackupAndRestore "
    "ReduceLROnPlateau LearningRateScheduler CSVLogger TensorBoard TerminateOnNaN LambdaCallback "
    "Callback",
    "initializers": "Zeros Ones Constant Identity RandomNormal RandomUniform TruncatedNormal "
    "GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform VarianceScaling "
    "Orthogonal",
    "regularizers": "L1 L2 L1L2 OrthogonalRegularizer Regularizer",
    "constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm Constraint",
    "activations": "relu sigmoid softmax tanh softplus softsign selu elu exponential linear gelu "
    "silu leaky_relu hard_sigmoid mish get serialize deserialize",
    "data": "Dataset PyDataset",
    "datasets.digits": "load_data",
    "datasets.mnist": "load_data",
    "datasets.fashion_mnist": "load_data",
    "datasets.cifar10": "load_data",
    "datasets.imdb": "load_data get_word_index",
    "utils": "load_img img_to_array array_to_img save_img image_dataset_from_directory "
    "to_categorical normalize pad_sequences get_file plot_model plot_history split_dataset "
    "set_random_seed Progbar",
    "saving": "save_model load_model load_onnx load_safetensors save_safetensors "
    "load_torch_weights register_keras_serializable custom_object_scope CustomObjectScope "
    "get_registered_name get_registered_object serialize_keras_object deserialize_keras_object",
    "applications": "ResNet50 ResNet50V2 InceptionV3 MobileNetV2 Xception VGG16",
    "testing": "check_gradients",
    "models": "Sequential Model clone_model",
}
METHODS = (
    "compile fit evaluate predict train_on_batch test_on_batch predict_on_batch summary get_layer "
    "load_weights save save_weights export train_step test_step compute_loss get_weights "
    "set_weights get_config from_config"
)


def _module(path):
    return importlib.import_module(f"minidl.{path}" if path else "minidl")


@pytest.mark.parametrize("path", SURFACE)
def test_names_are_there_and_documented(path):
    module = _module(path)
    names = SURFACE[path].split()
    missing = [n for n in names if not hasattr(module, n)]
    assert missing == []
    silent = [n for n in names if len(inspect.getdoc(getattr(module, n)) or "") < 20]
    assert silent == []


@pytest.mark.parametrize("path", SURFACE)
def test_classes_and_functions_show_an_example(path):
    module = _module(path)
    names = {*SURFACE[path].split(), *getattr(module, "__all__", [])}
    public = {n: getattr(module, n) for n in names if not inspect.ismodule(getattr(module, n))}
    silent = [
        n for n, x in public.items() if callable(x) and ">>> " not in (inspect.getdoc(x) or "")
    ]
    assert silent == []


def test_methods_of_models():
    for name in METHODS.split():
        assert inspect.getdoc(getattr(minidl.Model, name)), name


SHOWN = {
    minidl.Sequential: "fit evaluate predict train_on_batch get_layer add pop",
    minidl.data.Dataset: "map filter shuffle batch unbatch prefetch cache repeat take skip shard "
    "cardinality",
}


@pytest.mark.parametrize("kind", SHOWN)
def test_methods_show_an_example(kind):
    silent = [n for n in SHOWN[kind].split() if ">>> " not in inspect.getdoc(getattr(kind, n))]
    assert silent == []


def test_star_imports_and_dir_agree():
    """What `__all__` promises is there, and `dir` lists it."""
    for path in SURFACE:
        module = _module(path)
        for name in getattr(module, "__all__", []):
            assert getattr(module, name) is not None, f"{path}.{name}"


def test_lazy_modules_are_attributes():
    for name in ("testing",):
        assert output_of(f"import minidl; print(minidl.{name}.__name__)") == f"minidl.{name}"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = minidl.nothing


def test_command_line():
    done = run_python("import sys; from minidl.cli import main; sys.argv[1:] = ['info']; main()")
    assert done.returncode == 0 and "instruction set" in done.stdout
