// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import _ "embed"

// CRD is the CustomResourceDefinition of MeshUpgrade, in YAML.
//
//go:embed rerig.dev_meshupgrades.yaml
var CRD []byte
