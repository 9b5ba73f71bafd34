import { EarshotError } from "../../core/errors.ts";

/** Of an ONNX file: what is asked before it is given to a runtime. */
export interface OnnxHeader {
  /** Operator sets by domain; "" is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Weights stand in other files beside it. */
  readonly external: boolean;
}

export interface OnnxValue {
  readonly name: string;
  /** TensorProto.DataType: 1 float, 7 int64. */
  readonly type: number;
  /** Number of dimensions; 0 where it does not say. */
  readonly rank: number;
}

const wireVarint = 0;
const wire64 = 1;
const wireBytes = 2;
const wire32 = 5;

interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

const nothing = new Uint8Array(0);
const broken = (what: string) => new EarshotError("FORMAT_UNKNOWN", `model: expected an ONNX file, came ${what}`);

/** The fields of one protobuf message (protobuf.dev, encoding), in their order; nested messages stay bytes. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw broken("one that ends too early");
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw broken("a number of too many bytes");
  };
  while (at < message.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number === 0) throw broken("a field without a number");
    if (wire === wireVarint) yield { number, value: varint(), bytes: nothing };
    else if (wire === wireBytes) {
      const length = varint();
      if (length > message.length - at) throw broken("a field that is longer than the file");
      yield { number, value: 0, bytes: message.subarray(at, at + length) };
      at += length;
    } else if (wire === wire64 || wire === wire32) {
      const length = wire === wire64 ? 8 : 4;
      if (length > message.length - at) throw broken("one that ends too early");
      yield { number, value: 0, bytes: message.subarray(at, at + length) };
      at += length;
    } else throw broken(`a field of kind ${wire}`);
  }
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 200)).toString("utf8");

function one(message: Uint8Array, number: number): Field | undefined {
  for (const field of fieldsOf(message)) if (field.number === number) return field;
  return undefined;
}

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 } } }. */
function valueOf(message: Uint8Array): OnnxValue {
  const tensor = one(one(message, 2)?.bytes ?? nothing, 1)?.bytes ?? nothing;
  const shape = one(tensor, 2)?.bytes ?? nothing;
  let rank = 0;
  for (const { number } of fieldsOf(shape)) if (number === 1) rank++;
  return { name: textOf(one(message, 1)?.bytes ?? nothing), type: one(tensor, 1)?.value ?? 0, rank };
}

/** Reads a ModelProto (onnx.proto3) without its weights. @throws FORMAT_UNKNOWN */
export function readOnnxHeader(file: Uint8Array): OnnxHeader {
  const opsets: Record<string, number> = {};
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const weights = new Set<string>();
  let external = false;
  let graph: Uint8Array | undefined;
  for (const { number, bytes } of fieldsOf(file)) {
    if (number === 7) graph = bytes;
    else if (number === 8) opsets[textOf(one(bytes, 1)?.bytes ?? nothing)] = one(bytes, 2)?.value ?? 0;
  }
  if (graph === undefined) throw broken("one without a graph");
  for (const { number, bytes } of fieldsOf(graph)) {
    if (number === 5) {
      for (const field of fieldsOf(bytes)) {
        if (field.number === 8) weights.add(textOf(field.bytes));
        if (field.number === 14 && field.value === 1) external = true;
      }
    } else if (number === 11) inputs.push(valueOf(bytes));
    else if (number === 12) outputs.push(valueOf(bytes));
  }
  return { opsets, inputs: inputs.filter(({ name }) => !weights.has(name)), outputs, external };
}
