/** As in the package.json of this package, which a bundle does not have beside it. */
export const VERSION = '0.1.0'
