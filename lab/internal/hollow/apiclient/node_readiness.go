// SPDX-License-Identifier: Apache-2.0

package apiclient

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Limits of WaitForNodes.
const (
	nodesTimeout  = 60 * time.Second
	nodesInterval = 50 * time.Millisecond
)

// WaitForNodes returns when n nodes are Ready and have no taints.
func (c *Client) WaitForNodes(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, nodesTimeout)
	defer cancel()
	ready := 0
	for {
		list, err := c.core.Nodes().List(ctx, metav1.ListOptions{})
		if err == nil {
			if ready = countReadyNodes(list.Items); ready >= n {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for nodes: %d of %d are Ready: %w", ready, n, ctx.Err())
		case <-time.After(nodesInterval):
		}
	}
}

func countReadyNodes(nodes []corev1.Node) int {
	ready := 0
	for _, n := range nodes {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && len(n.Spec.Taints) == 0 {
				ready++
			}
		}
	}
	return ready
}
