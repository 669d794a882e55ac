/**
 * A small durable map of JSON text by namespace and key: imports, pins, last-seen checkpoints, results of calls with an
 * idempotency key. A resolved write has reached the medium that the implementation promises.
 */
export interface Store {
  get(namespace: string, key: string): Promise<string | undefined>
  set(namespace: string, key: string, value: string): Promise<void>
  delete(namespace: string, key: string): Promise<void>
  /** All of the changes or none, in their order, whatever happens meanwhile. */
  apply(changes: readonly StoreChange[]): Promise<void>
  /** Every pair of the namespace, by key in code point order. */
  list(namespace: string): Promise<{ key: string; value: string }[]>
}

/** Without a value: the key is deleted. */
export type StoreChange = { namespace: string; key: string; value?: string }

/** Forgets everything when the process ends: for tests, and for kernels that want no memory. */
export function memoryStore(): Store {
  const spaces = new Map<string, Map<string, string>>()
  const space = (namespace: string) => {
    const found = spaces.get(namespace) ?? new Map<string, string>()
    spaces.set(namespace, found)
    return found
  }
  return {
    get: async (namespace, key) => space(namespace).get(key),
    set: async (namespace, key, value) => void space(namespace).set(key, value),
    delete: async (namespace, key) => void space(namespace).delete(key),
    async apply(changes) {
      for (const { namespace, key, value } of changes) {
        if (value === undefined) space(namespace).delete(key)
        else space(namespace).set(key, value)
      }
    },
    list: async (namespace) =>
      [...space(namespace)].map(([key, value]) => ({ key, value })).sort((a, b) => compareCodePoints(a.key, b.key)),
  }
}

/** `<` compares UTF-16 units, which puts U+10000 and above before U+E000. */
function compareCodePoints(a: string, b: string): number {
  const rest = b[Symbol.iterator]()
  for (const left of a) {
    const right = rest.next().value
    if (right === undefined) return 1
    const difference = (left.codePointAt(0) ?? 0) - (right.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return rest.next().done === true ? 0 : -1
}
