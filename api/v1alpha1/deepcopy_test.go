// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A copy equals its original and shares no memory with it, so that every field is
// known to the generated code.
func TestDeepCopyCopiesEveryField(t *testing.T) {
	var list MeshUpgradeList
	fill(reflect.ValueOf(&list).Elem(), 0)
	got := list.DeepCopy()
	if diff := cmp.Diff(list, *got); diff != "" {
		t.Errorf("copy (-original +copy): run make generate\n%s", diff)
	}
	compareMemory(t, "MeshUpgradeList", reflect.ValueOf(list), reflect.ValueOf(*got))
}

// fill sets every field to a value that is not its zero value.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, depth+1)
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	}
}

func compareMemory(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s: got memory that is shared with the original: run make generate", path)
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		compareMemory(t, path, a.Elem(), b.Elem())
	case reflect.Slice:
		compareMemory(t, path+"[]", a.Index(0), b.Index(0))
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() {
				compareMemory(t, path+"."+f.Name, a.Field(i), b.Field(i))
			}
		}
	}
}
