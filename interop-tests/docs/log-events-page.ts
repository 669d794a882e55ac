/** docs/reference/log-events.md: what a node writes to its log lines, from the one table that its loggers take. */
import { logEvents, logLineFields } from '@hansa/protocols'

export function logEventsPage(): string {
  const rows = Object.entries(logEvents).map(
    ([event, { level, fields, means, todo }]) =>
      `| \`${event}\` | ${level} | ${fields.map((name) => `\`${name}\``).join(', ')} | ${means} | ${todo} |`,
  )
  const fields = Object.entries(logLineFields).map(([name, what]) => `| \`${name}\` | ${what} |`)
  return `# Log events

<!-- Generated from the code by \`npm run -s docs:generate\`. Do not edit. -->

What a node writes to standard error, one line of JSON for each event: \`level\`, \`time\`, the fields of the event, and its name as \`event\`. This is every event there is. These lines are for whoever operates the node; what was done, and why, is in the signed log (\`hansa audit\`).

A line about a call has its \`call_id\`, a line about another kernel its DID as \`peer\`. No line has arguments, results, tokens, credentials, or the text of an error that could quote them. \`log_level\` in hansa.yaml says from which level on lines are written; \`info\` unless it says otherwise.

| event | level | fields | what happened | what to do |
|---|---|---|---|---|
${rows.join('\n')}

A field with \`?\` is left out where there is no such thing.

| field | what it holds |
|---|---|
${fields.join('\n')}
`
}
