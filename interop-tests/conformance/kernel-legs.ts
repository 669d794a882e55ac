import { join } from 'node:path'
import { serveEverything } from '../fixtures/mcp-everything/serve-http.ts'
import { credentialProxy } from '../harness/credential-proxy.ts'
import { freePort } from '../harness/free-port.ts'
import { SpawnedProcess } from '../harness/spawned-process.ts'
import { startConductor } from './conductor.ts'
import type { FrontInit, FrontReady } from './front-process.ts'
import { runKit, type ScenarioResult } from './kit.ts'
import type { Revision } from './requirements.ts'

/** The kit against a node that permits everything: in front of the server of the fixtures, and of the kit's own servers. */
export const kernelLegs = {
  server: async (revision: Revision, known: readonly string[] = []): Promise<readonly ScenarioResult[]> => {
    await using fixture = await serveEverything()
    const { state } = fixture
    const both = () => {
      state.changeTools()
      state.changePrompts()
    }
    // What the fixture adds on request is there when the node classifies, so that it is not a stranger later.
    both()
    const spawned = await startFront({
      upstreams: [{ mcp: { id: 'fixture', url: fixture.url } }],
      more: { agents: { listen: `127.0.0.1:${await freePort()}` }, mcp: { primary: 'fixture' } },
    })
    try {
      both()
      const { agents, credential } = spawned.ready as FrontReady
      await using proxy = await credentialProxy(agents, credential)
      return await runKit({ role: 'server', revision, known, url: `${proxy.url}/mcp` })
    } finally {
      await spawned.stop()
    }
  },
  client: async (revision: Revision, known: readonly string[] = []): Promise<readonly ScenarioResult[]> => {
    await using conductor = await startConductor()
    return await runKit({ role: 'client', revision, known, command: conductor.command })
  },
}

function startFront(init: FrontInit): Promise<SpawnedProcess> {
  const args = [join(import.meta.dirname, 'front-process.ts'), JSON.stringify(init)]
  return SpawnedProcess.start({ name: 'front', args, cwd: import.meta.dirname, log: () => {} })
}
