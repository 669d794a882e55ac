import type { Store } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { TestMesh } from '../harness/test-mesh.ts'

/** Its witness book cannot be read: that is opened behind the log. */
function failing(store: Store, fails: () => boolean): Store {
  return {
    ...store,
    async list(namespace) {
      if (namespace === 'node.witness' && fails()) throw new Error('the disk of the state is gone')
      return await store.list(namespace)
    },
  }
}

describe('a kernel whose start fails', () => {
  it('lets go of its log, so that the next start in the same process finds it free', async () => {
    let broken = false
    const wrapStore = (store: Store) => failing(store, () => broken)
    await using mesh = await TestMesh.create({ kernels: { alice: { wrapStore } } })
    await mesh.stop('alice')
    broken = true
    await expect(mesh.start('alice')).rejects.toThrow('the disk of the state is gone')
    broken = false
    await mesh.start('alice')
    expect(mesh.errors('alice')).toEqual([])
  })
})
