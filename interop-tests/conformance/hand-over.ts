/** What the kit starts: `node hand-over.ts CONDUCTOR URL`. It ends when the conductor has played the scenario. */
const [conductor = '', url = ''] = process.argv.slice(2)
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('MCP_CONFORMANCE_')))
const answer = await fetch(conductor, { method: 'POST', body: JSON.stringify({ url, env }) })
if (!answer.ok) {
  process.stderr.write(`${await answer.text()}\n`)
  process.exitCode = 1
}
