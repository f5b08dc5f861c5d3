/**
 * The writer of protocol buffers against the writer of protobufjs, and against the examples of the
 * documentation.
 */
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { Message } from "../../../src/model/export/protobuf.js";
import { cases } from "../../cases.js";

const hex = (message: Message): string => Buffer.from(message.encoded()).toString("hex");

describe("a message", () => {
  it("has the bytes of the examples in protobuf.dev", () => {
    expect(hex(new Message().integer(1, 150))).toBe("089601");
    expect(hex(new Message().text(2, "testing"))).toBe("120774657374696e67");
    expect(hex(new Message().message(3, new Message().integer(1, 150)))).toBe("1a03089601");
    expect(hex(new Message().text(4, "hello").integers(6, [3, 270, 86942]))).toBe(
      "220568656c6c6f3206038e029ea705",
    );
    expect(hex(new Message())).toBe("");
  });

  it("has the bytes of protobufjs for any fields, however deep", () => {
    interface Field {
      readonly number: number;
      readonly value:
        | number
        | string
        | Uint8Array
        | Float32Array
        | Float64Array
        | readonly (number | Field)[];
    }
    const integer = fc.oneof(fc.nat(300), fc.maxSafeNat());
    const value = (inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
      fc.oneof(
        integer,
        fc.string({ unit: "grapheme" }),
        fc.uint8Array(),
        fc.float32Array(),
        fc.float64Array(),
        fc.array(integer, { minLength: 1 }),
        fc.array(inner, { minLength: 1, maxLength: 4 }),
      );
    const { field } = fc.letrec((tie) => ({
      field: fc.record({
        number: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(2 ** 29 - 1)),
        value: value(tie("field")),
      }),
    })) as { field: fc.Arbitrary<Field> };
    const isFields = (value: readonly (number | Field)[]): value is readonly Field[] =>
      typeof value[0] === "object";
    const ours = (fields: readonly Field[]): Message => {
      const message = new Message();
      for (const { number, value } of fields) {
        if (typeof value === "number") message.integer(number, value);
        else if (typeof value === "string") message.text(number, value);
        else if (value instanceof Uint8Array) message.bytes(number, value);
        else if (value instanceof Float32Array || value instanceof Float64Array)
          message.numbers(number, value);
        else if (isFields(value)) message.message(number, ours(value));
        else message.integers(number, value as readonly number[]);
      }
      return message;
    };
    const theirs = (fields: readonly Field[]): Uint8Array => {
      const writer = protobuf.Writer.create();
      for (const { number, value } of fields) {
        if (typeof value === "number") {
          writer.uint32(8 * number).uint64(value);
          continue;
        }
        writer.uint32(8 * number + 2);
        if (typeof value === "string") writer.string(value);
        else if (value instanceof Uint8Array) writer.bytes(value);
        else if (value instanceof Float32Array || value instanceof Float64Array) {
          writer.fork();
          for (const each of value) value instanceof Float32Array ? writer.float(each) : writer.double(each);
          writer.ldelim();
        } else if (isFields(value)) writer.bytes(theirs(value));
        else {
          writer.fork();
          for (const each of value) writer.uint64(each as number);
          writer.ldelim();
        }
      }
      return writer.finish();
    };
    fc.assert(
      fc.property(fc.array(field, { maxLength: 6 }), (fields) => {
        expect(Buffer.compare(ours(fields).encoded(), theirs(fields))).toBe(0);
      }),
      { numRuns: cases(300) },
    );
  });
});
