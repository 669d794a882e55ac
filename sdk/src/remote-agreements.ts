import type { Agreements } from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'

/** Agreements of a running node with other kernels, one request each. */
export function remoteAgreements(client: ControlClient): Agreements {
  return {
    list: () => client.call('agreements', {}),
    show: (id) => client.call('agreement', { id }),
    propose: (init) => client.call('proposeAgreement', init),
    accept: (init) => client.call('acceptAgreement', init),
    reject: (init) => client.call('rejectAgreement', init),
    end: (init) => client.call('endAgreement', init),
  }
}
