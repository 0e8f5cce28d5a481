// Asks through OpenFeature's web SDK and its OFREP provider: node ofrep_web.mjs URL FLAG USERS [READY]
// Prints the details that each of USERS (in JSON) gets of FLAG. With READY, a file that it makes once it listens, it then
// waits for a change, and prints what the last user gets after it and which flags changed.
import { writeFileSync } from 'node:fs';

import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { EventSource } from 'eventsource';

globalThis.EventSource = EventSource; // as in a browser

const [baseUrl, flag, users, ready] = process.argv.slice(2);
const requests = [];
const fetchImplementation = async (request) => {
  const response = await fetch(request);
  requests.push(response.status);
  return response;
};
const provider = new OFREPWebProvider({ baseUrl, cacheMode: 'disabled', fetchImplementation });
const client = OpenFeature.getClient();
const answers = [];
for (const [number, targetingKey] of JSON.parse(users).entries()) {
  await OpenFeature.setContext({ targetingKey });
  if (number === 0) {
    await OpenFeature.setProviderAndWait(provider);
  }
  answers.push(client.getNumberDetails(flag, -1));
}
const printed = { answers, unknown: client.getNumberDetails('no/such', -1), mistyped: client.getStringDetails(flag, '') };
if (ready) {
  const changed = new Promise((resolve) => client.addHandler(ProviderEvents.ConfigurationChanged, resolve));
  // The stream tells of the present state first; once that was asked for, only a change is told.
  while (requests.at(-1) !== 304) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  writeFileSync(ready, '');
  printed.changed = (await changed).flagsChanged;
  printed.after = client.getNumberDetails(flag, -1);
}
await OpenFeature.close();
console.log(JSON.stringify({ ...printed, requests }));
