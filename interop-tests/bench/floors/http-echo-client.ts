import { answerParent } from '../measure/answer-parent.ts'
import { type Payload, payload } from '../measure/payload.ts'
import { type LoadInit, runLoad } from '../measure/run-load.ts'
import { httpPoster } from './http-exchange.ts'

let call: (number: number) => Promise<void>

answerParent({
  connect(origin: string) {
    const post = httpPoster(origin)
    call = async (number) => {
      const answer = await post(Buffer.from(JSON.stringify(payload(number))))
      const { call: echoed } = JSON.parse(answer.toString('utf8')) as Payload
      if (echoed !== number) throw new Error('another call was answered')
    }
  },
  load: (init: LoadInit) => runLoad(call, init),
})
