// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Config is how the cluster is reached, for an installer with a client of its own.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.pods.config) }

// Objects reaches the same cluster by any kind of object: an installer compares
// with it what it would replace.
func (c *Cluster) Objects() (dynamic.Interface, error) {
	objects, err := dynamic.NewForConfig(c.pods.config)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to the cluster: %w", err)
	}
	return objects, nil
}
