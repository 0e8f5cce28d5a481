// A client of Iter8's gRPC service. Arguments: the address, a proto file, and a file with a JSON list of calls,
// each {"method": .., "message": {..}}. Prints a JSON list of {"answer": ..} or {"code": .., "details": ..}.
import fs from "node:fs";
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";

const [address, proto, calls] = process.argv.slice(2);
const definition = protoLoader.loadSync(proto, {keepCase: true, longs: Number, defaults: true});
const {ABN} = grpc.loadPackageDefinition(definition).main;
const client = new ABN(address, grpc.credentials.createInsecure());

const call = ({method, message}) =>
  new Promise((resolve) => {
    const deadline = Date.now() + 60_000;
    client[method](message, {deadline}, (error, answer) =>
      resolve(error ? {code: grpc.status[error.code], details: error.details} : {answer}),
    );
  });

const results = [];
for (const each of JSON.parse(fs.readFileSync(calls, "utf8"))) results.push(await call(each));
client.close();
console.log(JSON.stringify(results));
