/** docs/reference/metrics.md: what a node tells a monitoring system, from the metrics themselves. */
import { describedMetrics } from '@hansa/node/testing'

export async function metricsPage(): Promise<string> {
  const rows = (await describedMetrics()).map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`)
  return `# Metrics

What \`GET /metrics\` of the operations listener tells, in the format of Prometheus, beside the usual \`process_\` and \`nodejs_\` figures. Labels come from closed lists: no id, no DID, no name of a capability is one. Set \`operations: { listen: 127.0.0.1:9464 }\` in hansa.yaml; [the operations guide](../guides/operations.md) says what to watch.

| metric | type | what it is |
|---|---|---|
${rows.join('\n')}

Labels: \`direction\` is local, inbound (a peer calls) or outbound; \`safety\` READ, WRITE, DESTRUCTIVE or unknown; \`outcome\` released or refused; \`code\` one of [the closed list](errors.md); \`stage\` receive, policy, token, inbound, begin, driver, outbound.
`
}
