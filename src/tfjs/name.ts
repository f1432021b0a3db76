// The name that TF.js knows the backend by.

export const NAME = 'wasmgrad';
