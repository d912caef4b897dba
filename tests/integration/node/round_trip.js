// A client of boxgauge.v1 written by hand from the .proto files alone: creates two monitors,
// sends one the frames box by box and the other the same frames by columns, and prints the
// answers and both reports as one JSON object.
//
//   node round_trip.js PROTO_FOLDER HOST:PORT < scene.json
import { readFileSync } from "node:fs";

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [protoFolder, address] = process.argv.slice(2);
const scene = JSON.parse(readFileSync(0, "utf8"));
const model = "detector";

// Long ids travel as text, since a number of JavaScript holds 53 bits; absent stays absent.
const definition = loader.loadSync("boxgauge/v1/monitor.proto", {
  includeDirs: [protoFolder],
  keepCase: true,
  longs: String,
  enums: String,
});
const { MonitorService } = grpc.loadPackageDefinition(definition).boxgauge.v1;
const client = new MonitorService(address, grpc.credentials.createInsecure());

const call = (method, request) =>
  new Promise((resolve, reject) => {
    const deadline = Date.now() + 30_000;
    client[method](request, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)));
  });

const observe = (messages) =>
  new Promise((resolve, reject) => {
    const answers = [];
    const stream = client.Observe({ deadline: Date.now() + 30_000 });
    stream.on("data", (answer) => answers.push(answer));
    stream.on("error", reject);
    stream.on("end", () => resolve(answers));
    messages.forEach((message, sequence) => stream.write({ ...message, sequence }));
    stream.end();
  });

const imageId = ({ id }) => (typeof id === "number" ? { string: `camera-${id}` } : { integer: id });
const box = ([a, b, c, d]) => ({ a, b, c, d });

// One message an image, both sides together.
const byBox = (monitor) =>
  scene.images.map((image) => ({
    monitor,
    model,
    frames: {
      prediction_frames: [
        {
          image_id: imageId(image),
          box_format: "BOX_FORMAT_XYWH",
          predictions: image.predictions.map((each) => ({ ...each, box: box(each.box) })),
        },
      ],
      ground_truth_frames: [
        {
          image_id: imageId(image),
          box_format: "BOX_FORMAT_XYWH",
          ground_truths: image.ground_truths.map((each) => ({ ...each, box: box(each.box) })),
        },
      ],
    },
  }));

const packed = (rows, put) => {
  const bytes = Buffer.alloc(rows.length * 8);
  rows.forEach((value, k) => put.call(bytes, value, k * 8));
  return bytes;
};
const doubles = (rows) => packed(rows, Buffer.prototype.writeDoubleLE);
const integers = (rows) => packed(rows.map(BigInt), Buffer.prototype.writeBigInt64LE);
const flags = (rows) => Buffer.from(rows.map(Number));

// The columns that both sides have, of images whose ids are of one kind.
const shared = (images, side) => {
  const ids = images.map(imageId);
  const rows = images.flatMap((image) => image[side]);
  return {
    image_ids: {
      integers: ids.flatMap(({ integer }) => integer ?? []),
      strings: ids.flatMap(({ string }) => string ?? []),
    },
    counts: images.map((image) => image[side].length),
    boxes: doubles(rows.flatMap((each) => each.box)),
    box_format: "BOX_FORMAT_XYWH",
    box_type: "FLOAT_TYPE_FLOAT64",
    labels: integers(rows.map((each) => each.label)),
  };
};

const predictionBatch = (images) => ({
  ...shared(images, "predictions"),
  scores: doubles(images.flatMap((image) => image.predictions.map((each) => each.score))),
  score_type: "FLOAT_TYPE_FLOAT64",
});

const groundTruthBatch = (images) => {
  const rows = images.flatMap((image) => image.ground_truths);
  return {
    ...shared(images, "ground_truths"),
    areas: doubles(rows.map((each) => each.area)),
    crowd: flags(rows.map((each) => each.crowd)),
    ignore: flags(rows.map((each) => each.ignore)),
  };
};

// All ground truth in one message, all predictions in the next.
const byColumn = (monitor) => {
  const kinds = ["string", "integer"]
    .map((kind) => scene.images.filter((image) => kind in imageId(image)))
    .filter((images) => images.length);
  return [
    { monitor, frames: { ground_truths: kinds.map(groundTruthBatch) } },
    { monitor, model, frames: { predictions: kinds.map(predictionBatch) } },
  ];
};

const printed = {};
for (const [form, messages] of Object.entries({ boxes: byBox, columns: byColumn })) {
  const monitor = `node/${form}`;
  await call("CreateMonitor", { monitor, settings: { classes: scene.classes } });
  const answers = await observe(messages(monitor));
  printed[form] = { answers, ...(await call("GetReport", { monitor })) };
}
printed.refused = await observe([
  {
    monitor: "node/boxes",
    model,
    frames: {
      prediction_frames: [
        {
          image_id: { string: "bad" },
          box_format: "BOX_FORMAT_XYWH",
          predictions: [{ box: box([0, 0, 1, 1]), label: scene.classes[0].id, score: 1.5 }],
        },
      ],
    },
  },
]);
printed.unknown = await call("GetReport", { monitor: "nobody" }).catch(({ code, details }) => ({
  code,
  details,
}));
console.log(JSON.stringify(printed));
client.close();
