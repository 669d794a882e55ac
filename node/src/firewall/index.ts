/** The passes a payload takes on its way in or out; four for a delegated call. */
export { compileDetectors, type Detector, type Detectors, type DetectorsInit, type Span } from './detector.ts'
export { checkOnDemand, compileSchema, type SchemaCheck, type SchemaCompilation } from './schema-check.ts'
export { screenSchemaProse } from './schema-prose.ts'
export { type ScreenBudget, type ScreenCode, type ScreenInput, type ScreenOutcome, screen } from './screen.ts'
export { type ScreenedDescription, type ScreenTextInput, screenDescription, screenText } from './text.ts'
