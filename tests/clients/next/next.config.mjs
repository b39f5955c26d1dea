// Next looks for lock files in the folders above, and would take one of those for the project's.
export default { turbopack: { root: import.meta.dirname } };
