import type { ChannelBinding } from '@hansa/protocols'
import { describePeerTransport } from '../testing/describe-peer-transport.ts'
import { httpServer } from '../testing/http-server.ts'
import { httpPeerTransport } from './http-peer-transport.ts'
import { localBinding } from './local-binding.ts'

describePeerTransport('single HTTP requests', {
  passesCancel: false,
  passesDeadline: false,
  carriesProgress: false,
  async open(handler) {
    let binding: ChannelBinding | undefined
    const server = await httpServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', async () => {
        const { url: path = '', method } = request
        const inbound = { path, body: Buffer.concat(chunks), source: '', ...(binding && { binding }) }
        const reply = await handler.handle({ ...inbound, method: method === 'GET' ? 'GET' : 'POST' })
        response.writeHead(reply.status).end(reply.body)
      })
    })
    binding = localBinding(server.origin)
    const transport = httpPeerTransport({ allowPrivate: ['127.0.0.0/8'] })
    return {
      transport,
      endpoint: server.origin,
      kill: async () => server[Symbol.asyncDispose](),
      async [Symbol.asyncDispose]() {
        await transport[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
      },
    }
  },
})
