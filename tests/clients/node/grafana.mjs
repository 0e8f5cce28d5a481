// Runs every query of Grafana dashboards against a server, with the libraries and by the rules of the data sources:
// node grafana.mjs URL VARIABLES FILE.. Prints [{dashboard, panel, status, columns: {name: [value, ..]}}, ..].
//
// JSON API (marcusolsson-json-datasource): each field is a column. JSONPath goes through jsonpath-plus after Grafana has
// put variables in; JSONata is evaluated as it is, with the variables bound to lists of their values.
// Infinity (yesoreyeram-infinity-datasource), backend parser: the root selector is JSONata, columns are keys of its rows.
import fs from 'node:fs';
import jsonata from 'jsonata';
import { JSONPath } from 'jsonpath-plus';

const [server, variableText, ...files] = process.argv.slice(2);
const variables = JSON.parse(variableText);
const filled = (text) =>
  Object.entries(variables).reduce(
    (done, [name, value]) => done.replaceAll(`\${${name}}`, value).replace(new RegExp(`\\$${name}\\b`, 'g'), value),
    text ?? '',
  );
const listed = (found) => (Array.isArray(found) ? found : [found]);

async function fetched(path, params) {
  const url = new URL(server + filled(path));
  for (const [name, value] of params) url.searchParams.append(filled(name), filled(value));
  const answer = await fetch(url);
  return [answer.status, answer.ok ? await answer.json() : null];
}

async function askJsonApi(query) {
  const [status, json] = await fetched(query.urlPath, query.params ?? []);
  const bindings = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, [value]]));
  const columns = {};
  if (json !== null) {
    query.fields.forEach((field, index) => {
      columns[field.name || `result${index}`] =
        field.language === 'jsonata'
          ? listed(jsonata(field.jsonPath).evaluate(json, bindings))
          : JSONPath({ path: filled(field.jsonPath), json });
    });
  }
  return { status, columns };
}

async function askInfinity(query) {
  const params = (query.url_options.params ?? []).map(({ key, value }) => [key, value]);
  const [status, json] = await fetched(query.url, params);
  const columns = {};
  if (json !== null) {
    const rows = listed(jsonata(filled(query.root_selector)).evaluate(json));
    for (const { selector, text } of query.columns) columns[text] = rows.map((row) => row?.[selector] ?? null);
  }
  return { status, columns };
}

const ask = (query) => (query.infinityQuery || query.root_selector ? askInfinity(query.infinityQuery ?? query) : askJsonApi(query));

const results = [];
for (const file of files) {
  const { title, panels, templating } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const queries = [
    ...templating.list.filter(({ type }) => type === 'query').map(({ name, query }) => [`variable ${name}`, query]),
    ...panels.flatMap((each) => (each.targets ?? []).map((target) => [each.title, target])),
  ];
  for (const [panel, query] of queries) results.push({ dashboard: title, panel, ...(await ask(query)) });
}
console.log(JSON.stringify(results));
