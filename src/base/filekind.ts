// Recognizes files of other formats by their first bytes, so that errors can say what to do with them.

import { shown } from './shown.js';

/** A kind of file, and what to do with one. */
export interface FileKind {
  /** As in 'an HTML page'. */
  readonly what: string;
  /** As in 'unpack it first'. */
  readonly wayOut: string;
}

const kind = (what: string, wayOut: string): FileKind => ({ what, wayOut });

/** How to bring weights here. */
const FROM_PYTORCH =
  "in Python save its weights as safetensors (safetensors.torch.save_file(model.state_dict(), path)), build the network here and set them: model.setWeights(io.readSafetensors(bytes, { dtype: 'float32' }), { from: 'pytorch' })";
const FROM_PYTHON =
  'in Python save its weights as safetensors (safetensors.numpy.save_file({ name: array … }, path)), build the network here and set them: model.setWeights(io.readSafetensors(bytes))';
const READ_IMAGE = 'io.readImage reads it; was the wrong file given?';

/** Files that begin with these bytes. */
const signatures: readonly (readonly [string, FileKind])[] = [
  ['\x1f\x8b', kind('a gzip archive', 'unpack it first (gunzip, or DecompressionStream)')],
  ['\x89HDF\r\n\x1a\n', kind('an HDF5 file, as Keras 2 writes (.h5)', FROM_PYTHON)],
  ['\x93NUMPY', kind('an array of NumPy (.npy)', 'io.readNpy reads it')],
  ['GGUF', kind('a GGUF file', FROM_PYTHON)],
  ['\x89PNG', kind('a PNG image', READ_IMAGE)],
  ['\xff\xd8\xff', kind('a JPEG image', READ_IMAGE)],
  ['BZh', kind('a bzip2 archive', 'unpack it first')],
  ['\xfd7zXZ', kind('an xz archive', 'unpack it first')],
  ['7z\xbc\xaf', kind('a 7z archive', 'unpack it first')],
  ['version https://git-lfs', kind('a Git LFS pointer, not the file itself', 'run git lfs pull')],
];

/** Zip archives by the name of their first entry. */
const zips: readonly (readonly [RegExp, FileKind])[] = [
  [
    /\/(data\.pkl|\.format_version|byteorder)$/,
    kind('a file of PyTorch (.pt, .pth)', FROM_PYTORCH),
  ],
  [/\.npy$/, kind('an archive of NumPy arrays (.npz)', 'io.readNpz reads it')],
  [
    /^(metadata\.json|config\.json|model\.weights\.h5)$/,
    kind('a model of Keras 3 (.keras)', FROM_PYTHON),
  ],
];

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** The kind of file that these bytes begin; undefined for an unknown one. */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  if (bytes.length === 0)
    return kind('an empty file (0 bytes)', 'was it downloaded, and written, to its end?');
  const head = latin1(bytes.subarray(0, 512));
  const found = signatures.find(([signature]) => head.startsWith(signature));
  if (found) return found[1];
  if (head.startsWith('PK\x03\x04')) return zipKind(head);
  const [first, second, third] = bytes;
  if (first === 0x80 && second >= 2 && second <= 5)
    return kind('a Python pickle, as older versions of torch.save write', FROM_PYTORCH);
  if (head.startsWith('TFL3', 4)) return kind('a model of TensorFlow Lite', FROM_PYTHON);
  if (head.startsWith('ustar', 257)) return kind('a tar archive', 'unpack it first');
  // Protocol buffers: a version, then the first field of each format.
  if (first === 8 && second === 1 && third === 0x12)
    return kind('a SavedModel of TensorFlow', FROM_PYTHON);
  if (first === 8 && second < 0x20 && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(third))
    return kind('a model in ONNX', 'io.readOnnx reads it');
  return textKind(head.replace(/^\xef\xbb\xbf/, '').trimStart(), bytes);
}

/** By the name of the archive's first entry: byte 26 of its header has the name's length, byte 30 begins the name. */
function zipKind(head: string): FileKind {
  const length = head.charCodeAt(26) + 256 * head.charCodeAt(27);
  const name = head.slice(30, 30 + length);
  const known = zips.find(([pattern]) => pattern.test(name));
  return known?.[1] ?? kind(`a zip archive (it begins with ${shown(name)})`, 'unpack it first');
}

function textKind(text: string, bytes: Uint8Array): FileKind | undefined {
  if (/^<(!doctype html|html|head|body|\?xml|!--)/i.test(text))
    return kind(
      'an HTML page',
      'is the address right, or did a server answer with its error page?',
    );
  if (!/^[{[]\s*(["{[\]}]|[-\d])/.test(text)) return undefined;
  const more = latin1(bytes.subarray(0, 4096));
  return /"(modelTopology|weightsManifest|format"\s*:\s*"(layers|graph)-model)/.test(more)
    ? kind('a model.json of TF.js', 'io.readTfjs reads it with the .bin files beside it')
    : kind('JSON', 'was the wrong file given?');
}

/** The first bytes of a file of unknown kind, for messages: as text if they are text, else in hexadecimal. */
export function beginning(bytes: Uint8Array): string {
  const head = bytes.subarray(0, 12);
  if (head.every((byte) => byte >= 0x20 && byte < 0x7f)) return `'${latin1(head)}'`;
  return [...head].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
