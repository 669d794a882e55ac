/** Requests of A2A 0.3, translated by the SDK and answered by the same operations. */
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server'
import { ServerCallContext } from '@a2a-js/sdk/server'
import { isObject } from '@hansa/trust'
import type { LegacyBinding } from '../a2a-mount.ts'
import { type ServiceRequestHandlerComponents, serviceRequestHandler } from './service-request-handler.ts'

export function legacyBinding(components: ServiceRequestHandlerComponents): LegacyBinding {
  return {
    answer(body, request) {
      const handler = new LegacyJsonRpcTransportHandler(serviceRequestHandler(components, request))
      const context = new ServerCallContext({ requestedVersion: '0.3' })
      return handler.handle(isObject(body) ? body : {}, context)
    },
    async card(base) {
      // The card is for everybody: nobody asks for it.
      const nobody = { caller: { scope: 'operator' as const }, principal: '' }
      const own = serviceRequestHandler(components, { visitor: nobody, base })
      const handler = { ...own, getAuthenticatedExtendedAgentCard: () => own.getAgentCard() }
      const asked = { jsonrpc: '2.0', id: 1, method: 'agent/getAuthenticatedExtendedCard' }
      const answered = await new LegacyJsonRpcTransportHandler(handler).handle(asked, new ServerCallContext())
      if (!('result' in answered) || !isObject(answered.result)) throw new TypeError('the card has no form in 0.3')
      // They are over the form of 1.0.
      const { signatures: _signatures, ...card } = answered.result
      return card
    },
  }
}
