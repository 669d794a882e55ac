import { KernelError } from '@hansa/protocols'

export type ConnectErrorDetail = {
  code:
    | /** Neither `unix:/path` nor `http://` on loopback. */
    'bad_url'
    /** Nobody listens there, or nobody does any more. Nothing was asked of a kernel. */
    | 'node_not_running'
    /** The socket belongs to someone else, or the token is wrong. */
    | 'not_permitted'
    /** The file of the credential cannot be read. */
    | 'credential_missing'
    /** What should be the credential of an agent is cut off or mistyped. Nothing was sent. */
    | 'bad_credential'
    /** There is no token to show. */
    | 'token_missing'
    /** Something answers there, and it is not the control interface of a node. */
    | 'not_a_node'
    /** The connection ended before the answer to a request that changes nothing by itself. */
    | 'connection_lost'
    /** The client was disposed of. */
    | 'closed'
  /** Where it was tried. */
  url: string
}

/** A node could not be reached. The message says what to do. */
export class ConnectError extends KernelError<ConnectErrorDetail> {
  override readonly name: string = 'ConnectError'
}
