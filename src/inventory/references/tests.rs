#[test]
fn nothing_is_told_of_files_that_nobody_knows() {
    assert_eq!(
        super::read("src/main.rs", b"fn main() {}"),
        super::Found::default()
    );
}
