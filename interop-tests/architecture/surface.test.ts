import { describe, expect, it } from 'vitest'

/**
 * The public surface of each package, frozen. A red test asks whether the change was meant: then change the list, in the
 * same commit as the reason.
 */
const entryPoints = {
  '@hansa/protocols': () => import('@hansa/protocols'),
  '@hansa/protocols/manifest': () => import('@hansa/protocols/manifest'),
  '@hansa/protocols/kernel-error': () => import('@hansa/protocols/kernel-error'),
  '@hansa/trust': () => import('@hansa/trust'),
  '@hansa/trust/ledger': () => import('@hansa/trust/ledger'),
  '@hansa/trust/manifest': () => import('@hansa/trust/manifest'),
  '@hansa/trust/read-back': () => import('@hansa/trust/read-back'),
  '@hansa/storage': () => import('@hansa/storage'),
  '@hansa/mesh': () => import('@hansa/mesh'),
  '@hansa/mesh/records': () => import('@hansa/mesh/records'),
  '@hansa/mesh/registry': () => import('@hansa/mesh/registry'),
  '@hansa/registry-server': () => import('@hansa/registry-server'),
  '@hansa/sdk': () => import('@hansa/sdk'),
  '@hansa/node': () => import('@hansa/node'),
} as const

describe('the public surface', () => {
  it.each(Object.entries(entryPoints))('of %s is what it was', async (_name, load) => {
    expect(Object.keys(await load()).sort()).toMatchSnapshot()
  })
})
