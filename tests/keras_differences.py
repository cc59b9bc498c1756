"""Where minidl's public signatures differ from Keras's, each difference with its reason.

`tests/core/test_keras_signatures.py` compares every public class and function of the modules in
`MODULES` with Keras's: names, order and defaults of arguments. What is listed here is left out of
that; an entry that is no longer needed fails the test, so that the list stays true.

Extend it: add a module to `MODULES`, run the test, and fix or explain what it finds.
"""

MODULES = (
    "optimizers",
    "optimizers.schedules",
    "losses",
    "metrics",
    "callbacks",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "layers",
)

# their names still grow: only what both have is compared
GROWING = (
    "config",
    "datasets",
    "models",
    "ops",
    "ops.image",
    "random",
    "saving",
    "utils",
)


def _because(reason: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


# module -> name in Keras: why minidl has none
NOT_OFFERED = {
    "optimizers": {
        "Adafactor": "out of scope",
        "Lamb": "out of scope",
        "LossScaleOptimizer": "for float16, which minidl does not have; see loss_scale_factor",
        "MultiOptimizer": "out of scope; call several optimizers in a train_step",
        "OptimizerMap": "belongs to MultiOptimizer",
        "ScheduleFreeAdamW": "out of scope",
        "legacy": "names that only raise",
    },
    "losses": {},
    "metrics": {},
    "activations": {},
    "layers": {
        **_because(
            "three spatial axes are out of scope",
            "AdaptiveAveragePooling3D AdaptiveMaxPooling3D AveragePooling3D AvgPool3D Conv3D "
            "Conv3DTranspose ConvLSTM3D Convolution3D Convolution3DTranspose Cropping3D "
            "GlobalAveragePooling3D GlobalAvgPool3D GlobalMaxPool3D GlobalMaxPooling3D MaxPool3D "
            "MaxPooling3D SpatialDropout3D UpSampling3D ZeroPadding3D",
        ),
        **_because(
            "runs another framework's code; write a Layer",
            "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        ),
        **_because(
            "turns text or categories into numbers; done before the model, as in Dataset.map",
            "CategoryEncoding Discretization HashedCrossing Hashing IntegerLookup StringLookup "
            "TextVectorization",
        ),
        **_because(
            "augmentation beyond the table; write a Layer or map a function over the Dataset",
            "AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization "
            "MaxNumBoundingBoxes MixUp Pipeline RandAugment RandomColorDegeneration "
            "RandomColorJitter RandomElasticTransform RandomErasing RandomGaussianBlur "
            "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization "
            "RandomSaturation RandomSharpness RandomShear Solarization",
        ),
        **_because("sound is out of scope", "MelSpectrogram STFTSpectrogram"),
        **_because(
            "not in the table of layers",
            "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D "
            "AdaptiveMaxPooling2D AlphaDropout ConvLSTM1D ConvLSTM2D Identity ReversibleEmbedding "
            "SpectralNormalization Wrapper",
        ),
    },
    "callbacks": {
        "OrbaxCheckpoint": "writes through JAX's orbax; BackupAndRestore and ModelCheckpoint do it",
        "RemoteMonitor": "sends metrics over the network; write a LambdaCallback",
    },
    "initializers": {
        "STFT": "for the STFT layer, which is out of scope",
        "STFTInitializer": "for the STFT layer, which is out of scope",
        "stft": "for the STFT layer, which is out of scope",
    },
}

# module -> name in minidl: why Keras has none under that name
OWN = {
    "layers": {"AtrousConv2D": "Conv2D with a dilation, by the name that the examples use"},
    "losses": {
        "LossFunctionWrapper": "public here, in keras.src there: for losses from functions",
    },
    "initializers": {
        "RandomInitializer": "public base of the random ones; in keras.src there",
        "compute_fans": "in keras.src there",
    },
}

# "module.name.argument" or "module.name": why an argument, or all of them, differ
ARGUMENTS = {
    "optimizers.Optimizer": "under PyTorch Keras's own is (*args, **kwargs)",
    "activations.deserialize.custom_objects": "activations of your own are passed as functions",
    "layers.InputSpec.allow_last_axis_squeeze": "no layer here needs it",
    "layers.InputSpec.optional": "no layer here needs it",
    "models.Model": "under PyTorch Keras's own is (*args, **kwargs)",
    "models.Sequential": "Keras's own is (*args, **kwargs)",
    "ops.batch_normalization.axis": "has a default here, -1 as in the layer",
    "ops.bincount.sparse": "there are no sparse tensors",
    "ops.convert_to_tensor.ragged": "there are no ragged tensors",
    "ops.convert_to_tensor.sparse": "there are no sparse tensors",
    "ops.dot_product_attention.dropout_rate": "more than Keras: dropout inside the kernel",
    "ops.dot_product_attention.return_attention_scores": "more than Keras: for attention layers",
    "ops.dot_product_attention.seed": "more than Keras: belongs to dropout_rate",
    "ops.moments.synchronized": "there is one replica",
    "ops.multi_hot.num_classes": "no default: Keras refuses its own, None",
    "ops.multi_hot.sparse": "there are no sparse tensors",
    "ops.one_hot.sparse": "there are no sparse tensors",
    "ops.relu.max_value": "more than Keras: what the layer's config holds",
    "ops.relu.negative_slope": "more than Keras: what the layer's config holds",
    "ops.relu.threshold": "more than Keras: what the layer's config holds",
    "ops.separable_conv.activation": "more than Keras: fused into the last kernel",
    "ops.separable_conv.bias": "more than Keras: fused into the last kernel",
    "ops.unique.fill_value": "belongs to size",
    "ops.unique.size": "for compilers that need fixed shapes",
    "saving.deserialize_keras_object.safe_mode": "nothing is ever loaded unsafely",
    "saving.get_registered_object.module_objects": "for Keras's own modules",
    "utils.Progbar.label": "stands before the bar, as 'Epoch 1/3'",
    "utils.Progbar.stateless_metrics": "name the stateful ones instead",
    "utils.clear_session.free_memory": "minidl.release_memory does it",
    "utils.model_to_dot.splines": "the shape of edges is left to Graphviz",
    "utils.model_to_dot.subgraph": "for Keras's own recursion",
    "utils.plot_model.splines": "the shape of edges is left to Graphviz",
    "utils.split_dataset.preferred_backend": "there is one",
}

# module -> "Class.method", or "*.method" for all classes: methods of Keras that minidl has not
METHODS = {
    "optimizers": {
        "*.stateless_apply": "for JAX",
        "Muon.lr_adjust": "one line of update_step",
        "Muon.transpose_last_axis": "a NumPy call",
        "Muon.zeropower_via_newtonschulz5": "the function `orthogonalize` beside the class",
    },
    "layers": {
        **_because(
            "an attribute that the constructor or build sets",
            "*.batch_shape *.dtype_policy *.embeddings *.kernel *.path",
        ),
        **_because(
            "quantisation and LoRA are out of scope",
            "*.enable_lora *.quantization_mode *.quantize *.quantized_build *.quantized_call "
            "*.variable_serialization_spec",
        ),
        **_because("for PyTorch", "*.forward *.named_parameters *.torch_params"),
        **_because("for JAX", "*.stateless_call *.rematerialized_call"),
        **_because(
            "image layers here take images, and have no labels or boxes to turn with them",
            "*.convert_weight *.get_clipped_bbox *.get_random_transformation *.get_shifted_bbox "
            "*.get_transformed_x_y *.transform_bounding_boxes *.transform_images "
            "*.transform_labels *.transform_segmentation_masks *.transform_single_bounding_box "
            "*.transform_single_image *.transform_single_label "
            "*.transform_single_segmentation_mask",
        ),
        "*.add_metric": "Keras's own only raises",
        "*.convolution_op": "override `call`",
        "*.symbolic_call": "calling a layer on symbolic tensors does it",
        "Normalization.finalize_state": "there is nothing to finalise",
    },
    "losses": {"*.dtype": "an attribute that the constructor sets"},
    "metrics": {
        "*.dtype": "an attribute that the constructor sets",
        "*.stateless_reset_state": "for JAX",
        "*.stateless_result": "for JAX",
        "*.stateless_update_state": "for JAX",
        "AUC.interpolate_pr_auc": "private here",
    },
    "callbacks": {"TensorBoard.summary": "TensorFlow's summary module"},
}
