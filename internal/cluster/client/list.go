// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// PageSize is how many objects one answer of the API server holds at most.
	PageSize = 500

	// listRestarts is how often a list begins again because its next page expired.
	listRestarts = 3
)

// Selected returns the options that list the objects with these labels.
func Selected(labels string) metav1.ListOptions { return metav1.ListOptions{LabelSelector: labels} }

// Named returns the options that list the object of this name. Who may list a
// kind, but not get its objects, reads one so.
func Named(name string) metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: metav1.ObjectNameField + "=" + name, Limit: PageSize}
}

// List lists objects page by page and calls each with every page, so that at most
// one page is held at a time. It calls begin before the first page.
//
// The API server answers 410 Gone where the rest of a list is too old. Then this
// list alone begins again, listRestarts times at most, and begin forgets what each
// has collected: two parts of different ages are no observation.
func List[L metav1.ListInterface](
	ctx context.Context, options metav1.ListOptions,
	list func(context.Context, metav1.ListOptions) (L, error), begin func(), each func(L),
) error {
	for restarts := 0; ; restarts++ {
		begin()
		err := pages(ctx, options, list, each)
		expired := apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
		if !expired || restarts == listRestarts {
			return err
		}
	}
}

func pages[L metav1.ListInterface](
	ctx context.Context, options metav1.ListOptions,
	list func(context.Context, metav1.ListOptions) (L, error), each func(L),
) error {
	options.Limit = PageSize
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

// Page is one page of a list of objects that have no typed client.
type Page[T any] struct {
	metav1.ListMeta `json:"metadata"`
	Items           []T `json:"items"`
}

// JSONPages returns a function for List that reads objects at an absolute path.
func JSONPages[T any](c *Clients, path ...string) func(context.Context, metav1.ListOptions) (*Page[T], error) {
	return func(ctx context.Context, options metav1.ListOptions) (*Page[T], error) {
		request := c.JSON.Get().AbsPath(path...)
		for name, value := range map[string]string{
			"limit": fmt.Sprint(options.Limit), "continue": options.Continue,
			"labelSelector": options.LabelSelector, "fieldSelector": options.FieldSelector,
		} {
			if value != "" {
				request = request.Param(name, value)
			}
		}
		var page Page[T]
		return &page, DecodeJSON(request.Do(ctx), &page)
	}
}

// DecodeJSON decodes an answer.
func DecodeJSON(answer rest.Result, into any) error {
	if err := answer.Error(); err != nil { // has the server's own words, which Raw's error may lack
		return err
	}
	body, err := answer.Raw()
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func isSubresource(name string) bool { return strings.Contains(name, "/") }
