// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the MeshUpgrade resource: what somebody wants to become
// of a mesh, and the only record of how far that has come.
//
// +groupName=rerig.dev
package v1alpha1
