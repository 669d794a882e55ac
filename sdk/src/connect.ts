/** Connects to a node that runs on this machine. */
import { controlAddress, type ShownOptions } from './control-address.ts'
import { ControlClient } from './control-client.ts'
import { systemEnvironment } from './environment.ts'
import { type NodeClient, RemoteKernel } from './node-client.ts'

export type ConnectOptions = ShownOptions & {
  /** `unix:/path` or `http://127.0.0.1:PORT`. @default `$HANSA_CONTROL`, or `control.sock` in `$HANSA_HOME` or `~/.hansa` */
  url?: string
}

/**
 * With a credential the client is that agent: it calls and serves capabilities as its one principal. Without one it is
 * the operator, where the socket or the token lets it.
 *
 * @returns the node's kernel; disposing of it closes the connection and leaves the node running.
 * @throws ConnectError that says what to do.
 */
export async function connect(options?: ConnectOptions): Promise<NodeClient>
export async function connect(url?: string, options?: ConnectOptions): Promise<NodeClient>
export async function connect(first: string | ConnectOptions = {}, second: ConnectOptions = {}): Promise<NodeClient> {
  const { url, ...shown } = typeof first === 'string' ? { ...second, url: first } : { ...second, ...first }
  const client = new ControlClient(await controlAddress(url, shown, systemEnvironment()))
  try {
    return new RemoteKernel(client, await client.call('whoami', {}))
  } catch (error) {
    await client[Symbol.asyncDispose]()
    throw error
  }
}
