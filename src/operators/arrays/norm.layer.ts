export const conv3d = 0;
