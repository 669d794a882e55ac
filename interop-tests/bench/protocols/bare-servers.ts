/** What the SDKs serve without a kernel: each answers with one text. */
import { serveAgent } from '../../fixtures/a2a-agent/serve-agent.ts'
import { serveEverything } from '../../fixtures/mcp-everything/serve-http.ts'
import { answerParent } from '../measure/answer-parent.ts'

const open: unknown[] = []

answerParent({
  async mcp() {
    const served = await serveEverything()
    open.push(served)
    return served.url
  },
  async a2a() {
    const served = await serveAgent({ card: 'minimal', grpc: false })
    open.push(served)
    return served.url
  },
})
