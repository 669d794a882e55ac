/** The floor of the transport: reads JSON and sends it back. No identity, no proof, no disk. */
import { answerParent } from '../measure/answer-parent.ts'
import { listenHttp } from './http-exchange.ts'

answerParent({
  open: () => listenHttp((body) => Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8'))))),
})
