/** Connects to a node that runs on this machine. */
import { controlAddress, type TokenOptions } from './control-address.ts'
import { ControlClient } from './control-client.ts'
import { systemEnvironment } from './environment.ts'
import { type NodeClient, RemoteKernel } from './node-client.ts'

export type ConnectOptions = {
  /** For `http://127.0.0.1:PORT`: the token itself. */
  token?: string
  /** For `http://127.0.0.1:PORT`: where the token is. @default control.token in `$HANSA_HOME` or `~/.hansa` */
  tokenFile?: string
}

/**
 * @param url `unix:/path/control.sock` or `http://127.0.0.1:PORT`. @default `control.sock` in `$HANSA_HOME` or `~/.hansa`
 * @returns the node's kernel; disposing of it ends what it serves and leaves the node running.
 * @throws ConnectError that says what to do.
 */
export async function connect(url?: string, options: ConnectOptions = {}): Promise<NodeClient> {
  const tokens: TokenOptions = options
  const client = new ControlClient(await controlAddress(url, tokens, systemEnvironment()))
  try {
    const { did } = await client.call('status', {})
    return new RemoteKernel(client, did)
  } catch (error) {
    await client[Symbol.asyncDispose]()
    throw error
  }
}
