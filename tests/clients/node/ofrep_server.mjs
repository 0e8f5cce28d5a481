// Asks through OpenFeature's server SDK and its OFREP provider: node ofrep_server.mjs URL QUESTIONS
// QUESTIONS are [{flag, type, fallback, context}, ..] in JSON. Prints the details of each evaluation.
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';

const [baseUrl, questions] = process.argv.slice(2);
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers: [['Authorization', 'Bearer any']] }));
const client = OpenFeature.getClient();
const answers = [];
for (const { flag, type, fallback, context } of JSON.parse(questions)) {
  answers.push(await client[`get${type}Details`](flag, fallback, context));
}
await OpenFeature.close();
console.log(JSON.stringify(answers));
