"""Writes keras3.json: layers as Keras 3 itself writes and computes them. Needs `pip install keras jax`; tests do not.

    KERAS_BACKEND=jax python keras3.py

Each case has the model's own JSON, its weights in Keras's order by layer, and what it makes of an input.
"""

import json
import pathlib

import keras
import numpy as np

L = keras.layers
image, signal, vector, volume = (5, 6, 4), (7, 3), (6,), (4, 3, 5, 2)

cases = [
    # Convolutions and dense layers.
    ("Conv1D causal", signal, lambda x: L.Conv1D(4, 3, padding="causal", dilation_rate=2, name="own")(x)),
    ("Conv1D causal, strided", signal, lambda x: L.Conv1D(4, 2, padding="causal", strides=2)(x)),
    ("Conv2D", image, lambda x: L.Conv2D(3, (3, 2), strides=2, padding="same", activation="relu")(x)),
    ("Conv2D with groups", image, lambda x: L.Conv2D(6, 3, groups=2)(x)),
    ("Conv2DTranspose", image, lambda x: L.Conv2DTranspose(3, 3, strides=2, output_padding=1)(x)),
    ("DepthwiseConv2D", image, lambda x: L.DepthwiseConv2D(3, depth_multiplier=2, activation="tanh")(x)),
    ("SeparableConv2D", image, lambda x: L.SeparableConv2D(5, 3, depth_multiplier=2)(x)),
    ("Dense", vector, lambda x: L.Dense(3, activation="hard_sigmoid")(x)),
    ("Dense over images", image, lambda x: L.Dense(3, use_bias=False)(x)),
    # Activations.
    *[
        (f"activation {name}", signal, lambda x, name=name: L.Activation(name)(x))
        for name in [
            *["linear", "relu", "relu6", "sigmoid", "tanh", "softmax", "elu", "selu", "gelu", "silu"],
            *["softplus", "softsign", "mish", "exponential", "leaky_relu", "hard_sigmoid", "hard_silu"],
        ]
    ],
    ("a layer as activation", vector, lambda x: L.Dense(4, activation=L.LeakyReLU(negative_slope=0.1))(x)),
    ("ReLU", signal, lambda x: L.ReLU(max_value=0.5, negative_slope=0.25)(x)),
    ("ReLU with a threshold", signal, lambda x: L.ReLU(threshold=0.25)(x)),
    ("LeakyReLU", signal, lambda x: L.LeakyReLU(negative_slope=0.2)(x)),
    ("PReLU", image, lambda x: L.PReLU(shared_axes=[1, 2])(x)),
    ("ELU", signal, lambda x: L.ELU(alpha=0.5)(x)),
    ("Softmax along rows", image, lambda x: L.Softmax(axis=1)(x)),
    # Pools.
    ("MaxPooling1D", signal, lambda x: L.MaxPooling1D(2, padding="same")(x)),
    ("AveragePooling1D", signal, lambda x: L.AveragePooling1D(3, strides=1)(x)),
    ("MaxPooling2D", image, lambda x: L.MaxPooling2D((2, 3), strides=2, padding="same")(x)),
    ("AveragePooling2D", image, lambda x: L.AveragePooling2D(2, padding="same")(x)),
    ("GlobalMaxPooling1D", signal, lambda x: L.GlobalMaxPooling1D(keepdims=True)(x)),
    ("GlobalAveragePooling1D", signal, lambda x: L.GlobalAveragePooling1D()(x)),
    ("GlobalMaxPooling2D", image, lambda x: L.GlobalMaxPooling2D()(x)),
    ("GlobalAveragePooling2D", image, lambda x: L.GlobalAveragePooling2D(keepdims=True)(x)),
    # Normalizations.
    ("BatchNormalization", image, lambda x: L.BatchNormalization(epsilon=0.01)(x)),
    ("BatchNormalization of rows", image, lambda x: L.BatchNormalization(axis=1)(x)),
    ("BatchNormalization, no scale", image, lambda x: L.BatchNormalization(scale=False)(x)),
    ("BatchNormalization, no shift", signal, lambda x: L.BatchNormalization(center=False)(x)),
    ("LayerNormalization", image, lambda x: L.LayerNormalization()(x)),
    ("LayerNormalization, no shift", image, lambda x: L.LayerNormalization(axis=[1, 2], center=False)(x)),
    ("GroupNormalization", image, lambda x: L.GroupNormalization(groups=2)(x)),
    ("GroupNormalization of channels", image, lambda x: L.GroupNormalization(groups=-1)(x)),
    ("Normalization, given", image, lambda x: L.Normalization(mean=[1.0, 2, 3, 4], variance=[4.0, 1, 9, 2])(x)),
    ("Normalization, inverse", image, lambda x: L.Normalization(mean=2.0, variance=4.0, invert=True)(x)),
    ("Normalization, adapted", image, lambda x: adapted(L.Normalization(axis=(1, 3)))(x)),
    ("Rescaling", image, lambda x: L.Rescaling(1 / 127.5, offset=-1)(x)),
    ("dropped while training", image, lambda x: L.SpatialDropout2D(0.5)(L.GaussianNoise(1.0)(L.Dropout(0.5)(x)))),
    # Shapes.
    ("Flatten", image, lambda x: L.Flatten()(x)),
    ("Reshape", image, lambda x: L.Reshape((-1, 8))(x)),
    ("Permute", image, lambda x: L.Permute((3, 1, 2))(x)),
    ("RepeatVector", vector, lambda x: L.RepeatVector(3)(x)),
    ("ZeroPadding1D", signal, lambda x: L.ZeroPadding1D((1, 2))(x)),
    ("ZeroPadding2D", image, lambda x: L.ZeroPadding2D(((1, 0), (2, 3)))(x)),
    ("Cropping1D", signal, lambda x: L.Cropping1D((1, 2))(x)),
    ("Cropping2D", image, lambda x: L.Cropping2D(((1, 1), (0, 2)))(x)),
    ("UpSampling1D", signal, lambda x: L.UpSampling1D(3)(x)),
    ("UpSampling2D", image, lambda x: L.UpSampling2D((2, 3))(x)),
    ("UpSampling2D between pixels", image, lambda x: L.UpSampling2D((2, 3), interpolation="bilinear")(x)),
    ("Resizing", image, lambda x: L.Resizing(8, 3, antialias=False)(x)),
    ("Resizing to the nearest", image, lambda x: L.Resizing(3, 13, interpolation="nearest")(x)),
    # Merges, and networks in networks.
    *[
        (f"{merge.__name__}", image, lambda x, merge=merge: merge()([x, L.ReLU()(x)]))
        for merge in [L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum]
    ],
    ("Add, broadcast", image, lambda x: L.Add()([x, L.GlobalMaxPooling2D()(x)])),
    ("Concatenate", image, lambda x: L.Concatenate(axis=1)([x, L.Cropping2D(1)(L.ZeroPadding2D(1)(x))])),
    ("Dot", signal, lambda x: L.Dot(axes=(1, 1))([x, L.ReLU()(x)])),
    ("a network in a network", signal, lambda x: inner()(L.Conv1D(3, 1, name="first")(x))),
    ("a layer twice", vector, lambda x: twice(L.Dense(6, name="shared"), x)),
    # Volumes, and what signals have that TF.js has not.
    ("Conv1DTranspose", signal, lambda x: L.Conv1DTranspose(4, 3, strides=2, padding="same")(x)),
    ("Conv1DTranspose with gaps", signal, lambda x: L.Conv1DTranspose(2, 2, strides=3, output_padding=1)(x)),
    ("Conv3D", volume, lambda x: L.Conv3D(4, (3, 2, 1), strides=(1, 2, 2), padding="same", groups=2)(x)),
    ("Conv3D, dilated", volume, lambda x: L.Conv3D(2, 2, dilation_rate=2, activation="elu")(x)),
    ("Conv3DTranspose", volume, lambda x: L.Conv3DTranspose(3, (3, 2, 1), strides=2)(x)),
    ("MaxPooling3D", volume, lambda x: L.MaxPooling3D((2, 3, 2), strides=2, padding="same")(x)),
    ("AveragePooling3D", volume, lambda x: L.AveragePooling3D((1, 2, 3), padding="same")(x)),
    ("GlobalMaxPooling3D", volume, lambda x: L.GlobalMaxPooling3D(keepdims=True)(x)),
    ("GlobalAveragePooling3D", volume, lambda x: L.GlobalAveragePooling3D()(x)),
    ("ZeroPadding3D", volume, lambda x: L.ZeroPadding3D(((1, 0), (0, 2), (1, 1)))(x)),
    ("Cropping3D", volume, lambda x: L.Cropping3D(((1, 1), (0, 2), (2, 0)))(x)),
    ("UpSampling3D", volume, lambda x: L.UpSampling3D((2, 1, 3))(x)),
    ("volumes normalized, dropped while training", volume, lambda x: L.SpatialDropout3D(0.5)(L.BatchNormalization()(x))),
]


def inner():
    return keras.Sequential([L.Input((7, 3)), L.Conv1D(2, 3, name="inside"), L.BatchNormalization()], name="block")


def adapted(layer):
    layer.adapt(np.random.default_rng(2).uniform(-1, 3, (8, *image)).astype(np.float32))
    return layer


def twice(layer, x):
    return layer(layer(x))


def rounded(array):
    return [float(f"{x:.7g}") for x in np.asarray(array, np.float64).flatten()]


def layers_of(model):
    for layer in model.layers:
        yield from layers_of(layer) if isinstance(layer, keras.Model) else [layer]


def main():
    random = np.random.default_rng(1)
    written = []
    for name, shape, build in cases:
        keras.backend.clear_session()
        start = keras.Input(shape)
        model = keras.Model(start, build(start))
        weights = []
        for layer in layers_of(model):
            for i, weight in enumerate(w for w in layer.weights if "seed" not in w.path):
                given = "Normalization" == type(layer).__name__
                positive = any(word in weight.path for word in ("variance", "gamma"))
                drawn = np.float32(random.uniform(0.5, 1.5, weight.shape) - (0 if positive else 1))
                if not given:
                    weight.assign(np.round(drawn, 4))
                weights.append(
                    {"layer": layer.name, "index": i, "path": weight.path, "shape": list(weight.shape), "data": rounded(weight)}
                )
        x = np.round(np.float32(random.uniform(-1, 1, (2, *shape))), 4)
        y = model(x)
        written.append(
            {
                "name": name,
                "model": json.loads(model.to_json()),
                "weights": weights,
                "x": {"shape": list(x.shape), "data": rounded(x)},
                "y": {"shape": list(y.shape), "data": rounded(y)},
            }
        )
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in written)
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(f'{{"version":"{keras.__version__}","cases":[\n{text}\n]}}\n')


main()
