// SPDX-License-Identifier: MIT
// Removes trees that others have filled. It opens nothing but directories, follows no link, and waits for nobody.
#pragma once

// Removes all that is in `top`, an open directory, however deep it is. What cannot be removed stays.
void clear_directory(int top);
