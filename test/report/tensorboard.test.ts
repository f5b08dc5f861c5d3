/**
 * Event files of TensorBoard, read back by protobufjs with the messages of TensorFlow and TensorBoard, and by
 * a reader of records of our own.
 */
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { studyData } from "../../src/report/plots/studyData.js";
import { crc32c } from "../../src/report/tensorboard/crc32c.js";
import { recordFile } from "../../src/report/tensorboard/records.js";
import { tensorboardFiles } from "../../src/report/tensorboard/tensorboard.js";
import { choice, float, int } from "../../src/search/space/builders.js";
import { random } from "../../src/search/strategies/random/random.js";
import { createStudy } from "../../src/search/study/create.js";
import { Curves } from "../../src/search/trial/curves.js";

// the fields that TensorBoard reads, as event.proto, summary.proto, tensor.proto, plugin_data.proto and
// api.proto number them
const { root } = protobuf.parse(
  `syntax = "proto3";
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }
  message Summary { repeated SummaryValue value = 1; }
  message SummaryValue { string tag = 1; float simple_value = 2; Tensor tensor = 8; Metadata metadata = 9; }
  message Tensor { int32 dtype = 1; Shape tensor_shape = 2; }
  message Shape { repeated Dim dim = 2; }
  message Dim { int64 size = 1; }
  message Metadata { PluginData plugin_data = 1; }
  message PluginData { string plugin_name = 1; bytes content = 2; }
  message HParams { int32 version = 1; oneof data { Experiment experiment = 2; Start session_start_info = 3; End session_end_info = 4; } }
  message Experiment { string name = 6; repeated HParamInfo hparam_infos = 4; repeated MetricInfo metric_infos = 5; }
  message HParamInfo { string name = 1; int32 type = 4; oneof domain { ListValue domain_discrete = 5; Interval domain_interval = 6; } }
  message Interval { double min_value = 1; double max_value = 2; }
  message MetricInfo { MetricName name = 1; string display_name = 3; }
  message MetricName { string group = 1; string tag = 2; }
  message Start { map<string, Value> hparams = 1; string group_name = 4; double start_time_secs = 5; }
  message End { int32 status = 1; double end_time_secs = 2; }
  message Value { oneof kind { int32 null_value = 1; double number_value = 2; string string_value = 3; bool bool_value = 4; } }
  message ListValue { repeated Value values = 1; }`,
  { keepCase: true },
);

interface Read {
  readonly wall_time: number;
  readonly step: number;
  readonly file_version: string;
  readonly summary?: { readonly value: readonly Record<string, never>[] };
}

const read = (type: string, bytes: Uint8Array): Record<string, unknown> => {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: Number, defaults: false });
};

/** The records of a file, with their checksums as they are kept. */
function recordsOf(file: Uint8Array): { record: Uint8Array; sums: number[] }[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const records = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const record = file.subarray(at + 12, at + 12 + length);
    records.push({ record, sums: [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)] });
    at += 16 + length;
  }
  return records;
}

const eventsOf = (file: Uint8Array): Read[] =>
  recordsOf(file).map(({ record }) => read("Event", record) as unknown as Read);

/** The scalars of a file as [tag, step, value], and what the page HParams reads. */
function contentsOf(file: Uint8Array) {
  const values = eventsOf(file).flatMap(({ step, summary }) =>
    (summary?.value ?? []).map((value) => ({ step, ...(value as Record<string, unknown>) })),
  ) as {
    tag: string;
    step: number;
    simple_value?: number;
    tensor?: unknown;
    metadata?: { plugin_data: { plugin_name: string; content: Uint8Array } };
  }[];
  const plugins = values.filter(({ metadata }) => metadata);
  for (const { metadata, tensor } of plugins) {
    expect(metadata?.plugin_data.plugin_name).toBe("hparams");
    expect(tensor).toEqual({ dtype: 1, tensor_shape: { dim: [{ size: 0 }] } }); // float32 of shape [0]
  }
  return {
    scalars: values
      .filter(({ metadata }) => !metadata)
      .map(({ tag, step, simple_value }) => [tag, step ?? 0, simple_value]),
    hparams: Object.fromEntries(
      plugins.map(({ tag, metadata }) => [
        tag,
        read("HParams", metadata?.plugin_data.content ?? new Uint8Array()),
      ]),
    ) as Record<string, Record<string, never>>,
  };
}

describe("checksums", () => {
  it.each([
    // RFC 3720, B.4
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(255), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    [new TextEncoder().encode("123456789"), 0xe3069283],
    [new Uint8Array(), 0],
  ])("of %j is CRC-32C", (bytes, sum) => expect(crc32c(bytes)).toBe(sum));

  it("are kept as TensorFlow keeps them", () => {
    // every event file begins with a record of 24 bytes, whose length has this checksum
    const [{ sums }] = recordsOf(recordFile([new Uint8Array(24)]));
    expect(sums[0].toString(16)).toBe("224b7fa3");
    const rotated = crc32c(new Uint8Array(24));
    expect(sums[1]).toBe(
      Number(((BigInt(rotated) >> 15n) + ((BigInt(rotated) << 17n) % 2n ** 32n) + 0xa282ead8n) % 2n ** 32n),
    );
  });
});

describe("a study's files", () => {
  const space = {
    rate: float(1e-4, 0.1, { log: true }),
    units: int(8, 64),
    kind: choice(["a", "b"]),
    bias: choice([true, false]),
    layers: choice([[8], [8, 8]]),
    size: choice([16, 32], { when: { kind: ["b"] } }),
  };
  const study = createStudy({ space, strategy: random(), direction: "minimize", seed: 3 });
  const shared = { units: 16, bias: false, layers: [8, 8] } as const;
  const curves = new Curves({ loss: [[0.5, 0.25], [0.75]], valLoss: [[Number.NaN, 1], [2]] });
  study.add({ rate: 0.01, kind: "a", ...shared }, { value: 0.125, seconds: 4, curves });
  study.add(
    { rate: 0.02, kind: "b", size: 32, ...shared },
    { status: "failed", error: "<script>", seconds: 1 },
  );
  study.add({ rate: 0.03, kind: "a", ...shared }, { value: 3, curves: new Curves({ loss: [[1, 2, 3]] }) });
  const files = [...tensorboardFiles(studyData(study, { metrics: ["logLoss"] }))];
  const contents = files.map(({ bytes }) => contentsOf(bytes));

  it("are one for the study, and one in a folder for each trial", () => {
    expect(files.map(({ path }) => path)).toEqual(
      ["", "trial-0/", "trial-1/", "trial-2/"].map((folder) => `${folder}events.out.tfevents.0.fettle`),
    );
    for (const { bytes } of files) expect(eventsOf(bytes)[0].file_version).toBe("brain.Event:2");
  });

  it("have right checksums everywhere", () => {
    for (const { bytes } of files)
      for (const { record, sums } of recordsOf(bytes)) {
        const again = recordsOf(recordFile([record]))[0];
        expect(sums).toEqual(again.sums);
        expect(again.record).toEqual(record);
      }
  });

  it("describe the parameters and the metric", () => {
    const experiment = contents[0].hparams["_hparams_/experiment"].experiment as Record<string, unknown>;
    const list = (...values: object[]) => ({ domain_discrete: { values } });
    expect(experiment).toEqual({
      hparam_infos: [
        { name: "rate", type: 3, domain_interval: { min_value: 1e-4, max_value: 0.1 } },
        { name: "units", type: 3, domain_interval: { min_value: 8, max_value: 64 } },
        { name: "kind", type: 1, ...list({ string_value: "a" }, { string_value: "b" }) },
        { name: "bias", type: 2, ...list({ bool_value: true }, { bool_value: false }) },
        { name: "layers", type: 1, ...list({ string_value: "[8]" }, { string_value: "[8,8]" }) },
        { name: "size", type: 3, ...list({ number_value: 16 }, { number_value: 32 }) },
      ],
      metric_infos: [{ name: { tag: "objective/logLoss" }, display_name: "logLoss" }],
    });
  });

  it("have the curves by fold and epoch, and the objective at the last epoch", () => {
    expect(contents[1].scalars).toEqual([
      ["loss/fold-0", 0, 0.5],
      ["loss/fold-1", 0, 0.75],
      ["valLoss/fold-1", 0, 2],
      ["loss/fold-0", 1, 0.25],
      ["valLoss/fold-0", 1, 1],
      ["objective/logLoss", 1, 0.125],
    ]);
    expect(contents[2].scalars).toEqual([]);
    expect(contents[3].scalars).toEqual([
      ["loss", 0, 1],
      ["loss", 1, 2],
      ["loss", 2, 3],
      ["objective/logLoss", 2, 3],
    ]);
  });

  it("have the parameters of each trial, its times and how it ended", () => {
    const start = contents[2].hparams["_hparams_/session_start_info"].session_start_info;
    expect(start).toEqual({
      hparams: {
        rate: { number_value: 0.02 },
        units: { number_value: 16 },
        kind: { string_value: "b" },
        bias: { bool_value: false },
        layers: { string_value: "[8,8]" },
        size: { number_value: 32 },
      },
      group_name: "trial-1",
      start_time_secs: 4,
    });
    expect(
      Object.keys(
        (contents[1].hparams["_hparams_/session_start_info"].session_start_info as { hparams: object })
          .hparams,
      ),
    ).not.toContain("size");
    const ends = contents
      .slice(1)
      .map(({ hparams }) => hparams["_hparams_/session_end_info"].session_end_info);
    expect(ends).toEqual([
      { status: 1, end_time_secs: 4 },
      { status: 2, end_time_secs: 5 },
      { status: 1, end_time_secs: 5 },
    ]);
    expect(eventsOf(files[1].bytes).map(({ wall_time }) => wall_time)).toEqual([0, 0, 2, 4, 4, 4]);
  });

  it("have each of several objectives", () => {
    const two = createStudy({
      space: { x: float(0, 1) },
      strategy: random(),
      direction: ["minimize", "maximize"],
    });
    two.add({ x: 0.5 }, { values: [1, 2] });
    const [, file] = [...tensorboardFiles(studyData(two, { metrics: ["a", "b"] }))].map(({ bytes }) =>
      contentsOf(bytes),
    );
    expect(file.scalars).toEqual([
      ["objective/a", 0, 1],
      ["objective/b", 0, 2],
    ]);
  });
});
