// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageSize is how many objects one answer of the API server holds at most.
const pageSize = 500

// pages lists page by page and hands over each one, so that no more than one
// page of whole objects is held at a time. A list that grew too old between two
// pages is an error: half of it is no observation.
func pages[L metav1.ListInterface](
	ctx context.Context, options metav1.ListOptions,
	list func(context.Context, metav1.ListOptions) (L, error), each func(L),
) error {
	options.Limit = pageSize
	for {
		page, err := list(ctx, options)
		if err != nil {
			return err
		}
		each(page)
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return nil
		}
	}
}
