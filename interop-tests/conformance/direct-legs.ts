import { join } from 'node:path'
import { serveEverything } from '../fixtures/mcp-everything/serve-http.ts'
import { runKit, type ScenarioResult } from './kit.ts'
import type { Revision } from './requirements.ts'

/** The kit against the fixtures themselves: what passes without a kernel between. */
export const directLegs = {
  server: async (revision: Revision): Promise<readonly ScenarioResult[]> => {
    await using fixture = await serveEverything()
    return await runKit({ role: 'server', revision, url: fixture.url })
  },
  client: (revision: Revision): Promise<readonly ScenarioResult[]> => {
    const script = join(import.meta.dirname, '../fixtures/mcp-client/main.ts')
    return runKit({ role: 'client', revision, command: `${process.execPath} ${script}` })
  },
}
