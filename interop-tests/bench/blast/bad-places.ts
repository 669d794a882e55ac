/** A process of the bench: what stands before the kernels that turn bad, so that its work is not of those that are measured. */
import { type Fault, FaultProxy } from '../../harness/fault-proxy.ts'
import { answerParent } from '../measure/answer-parent.ts'
import { moveTo } from './processors.ts'

const [own] = process.argv.slice(2)
if (own !== undefined) moveTo(own)

const proxies = new Map<Fault, FaultProxy>()

answerParent({
  /** @returns the base URL under which the kernel behind it is to be known. */
  async open({ fault, port }: { fault: Fault; port: number }): Promise<string> {
    const proxy = await FaultProxy.create()
    proxy.standBefore(port)
    proxies.set(fault, proxy)
    return proxy.url
  },
  async turn(): Promise<void> {
    for (const [fault, proxy] of proxies) await proxy.turn(fault)
  },
})
