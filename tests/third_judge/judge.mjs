// Judges states of findings with the CQL of the rules: {cql, questions: [{parameters, expression}]} on standard input,
// {faults, answers} on output. Each answer holds the value of every expression, or of the one that was asked for.
import { readFileSync } from "node:fs";
import {
  CqlTranslator,
  LibraryManager,
  ModelManager,
  createModelInfoProvider,
  stringAsSource,
} from "@cqframework/cql/cql-to-elm";
import cql from "cql-execution";

// The package comes without the types of the language itself (CQL 1.5, appendix B); they stand beside this file.
const SYSTEM = readFileSync(new URL("system-modelinfo.xml", import.meta.url), "utf8");

function translated(text) {
  const models = new ModelManager(undefined, false);
  models.modelInfoLoader.registerModelInfoProvider(
    createModelInfoProvider((name) => (name === "System" ? stringAsSource(SYSTEM) : null)),
  );
  const elm = JSON.parse(CqlTranslator.fromText(text, new LibraryManager(models)).toJson());
  const faults = elm.library.annotation.filter((note) => note.errorSeverity === "error").map((note) => note.message);
  return { library: new cql.Library(elm), faults };
}

async function judged(library, { parameters, expression }) {
  const nobody = new cql.PatientSource([]);
  if (expression === undefined) {
    return (await new cql.Executor(library, new cql.CodeService({}), parameters).exec(nobody)).unfilteredResults;
  }
  const context = new cql.UnfilteredContext(library, {}, new cql.CodeService({}), parameters);
  return { [expression]: await library.expressions[expression].exec(context) };
}

let text = "";
process.stdin.setEncoding("utf8");
for await (const part of process.stdin) text += part;
const asked = JSON.parse(text);
const { library, faults } = translated(asked.cql);
const answers = [];
if (faults.length === 0) {
  for (const question of asked.questions) answers.push(await judged(library, question));
}
process.stdout.write(JSON.stringify({ faults, answers }));
